import { expect, test } from "vitest";
import { explainRestart } from "../../src/apply/restart-failure.ts";

const ended = { status: 1, timedOut: false, stdout: "", stderr: "" };
const explain = (more: object) => explainRestart({ ...ended, ...more }, ["docker", "restart", "jarvis"], 60_000);

test.for([
  [
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    /does not answer/,
  ],
  ["Cannot connect to Podman. Please verify your connection to the Linux system", /does not answer/],
  [
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get",
    /may not use the container runtime/,
  ],
  ["permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", /may not use/],
  ["Error response from daemon: No such container: jarvis", /no container of that name/],
  ['Error: no container with name or ID "jarvis" found: no such container', /no container of that name/],
  ["sudo: you do not exist in the passwd database", /does not know the user/],
  ["sudo: a password is required", /asks for a password/],
  ["Failed to connect to user scope bus via local transport: No medium found", /no user bus/],
  ["something else", /^the gateway was not restarted: docker ended with status 1$/],
] as const)("what a restart command says is told in plain words: %s", ([stderr, words]) => {
  const { because, hint } = explain({ stderr });
  expect(because).toMatch(words);
  expect(hint).not.toBe("");
  expect(because + hint).not.toContain(stderr);
});

test("a command that cannot be started, or takes too long, is told as that", () => {
  expect(explain({ status: null, failure: "spawn docker ENOENT" }).hint).toContain("full path");
  expect(explain({ status: null, timedOut: true }).because).toContain("within 60 s");
});
