import { expect, test } from "vitest";
import type { FoundHomes } from "../../src/setup/find-homes.ts";
import type { GatewayService } from "../../src/setup/gateway-units.ts";
import { describeInstallation, type Evidence, nameHomes, serviceOf } from "../../src/setup/interview.ts";

const account = { user: "jarvis", uid: 1000, directory: "/home/jarvis" };
const homes: FoundHomes = { account, openclaw: "/home/jarvis/.openclaw", claude: "/home/jarvis/.claude" };
const evidence: Evidence = { services: [], containers: [], hasLogs: true, asRoot: false, searchPath: "/nonexistent" };
const service = (over: Partial<GatewayService> = {}): GatewayService => ({
  unit: "openclaw-gateway.service",
  path: "/u/openclaw-gateway.service",
  scope: "user",
  ...over,
});

test("homes below the user's own are written with a tilde, for root they are not", () => {
  expect(describeInstallation(homes, evidence)).toEqual({
    openclawHome: { says: "~/.openclaw" },
    claudeHome: { says: "~/.claude" },
  });
  expect(describeInstallation(homes, { ...evidence, asRoot: true }).openclawHome).toEqual({
    says: "/home/jarvis/.openclaw",
  });
});

test.for([
  { over: {}, says: ["systemctl", "--user", "restart", "openclaw-gateway.service"] },
  { over: { scope: "system", user: "jarvis" }, says: ["sudo", "systemctl", "restart", "openclaw-gateway.service"] },
  { over: { scope: "system", user: "other" }, says: undefined },
  { over: { profile: "work" }, says: undefined },
  { over: { stateFolder: "/srv/other" }, says: undefined },
  {
    over: { scope: "system", user: "root", stateFolder: "/home/jarvis/.openclaw" },
    says: ["sudo", "systemctl", "restart", "openclaw-gateway.service"],
  },
] as const)("a unit says how to restart: $over", ({ over, says }) => {
  const found = describeInstallation(homes, { ...evidence, services: [service(over)] });
  expect(found.restart?.says).toEqual(says);
});

test("of several units the one of this profile counts", () => {
  const services = [service(), service({ unit: "openclaw-gateway-work.service", profile: "work" })];
  expect(serviceOf({ ...homes, profile: "work" }, services)?.unit).toBe("openclaw-gateway-work.service");
  expect(serviceOf(homes, services)?.unit).toBe("openclaw-gateway.service");
});

test("without a log file the unit's journal is read", () => {
  const services = [service()];
  expect(describeInstallation(homes, { ...evidence, services }).logs).toBeUndefined();
  expect(describeInstallation(homes, { ...evidence, services, hasLogs: false }).logs?.says).toEqual([
    "journal:openclaw-gateway.service",
  ]);
});

test("a container that has the home mounted is restarted, and its paths are told", () => {
  const containers = [
    {
      name: "john",
      mounts: [
        { source: "/home/jarvis/.openclaw", destination: "/home/node/.openclaw" },
        { source: "/home/jarvis/.claude", destination: "/home/jarvis/.claude" },
      ],
    },
  ];
  const found = describeInstallation(homes, { ...evidence, containers, services: [service()] });
  expect(found.restart?.says).toEqual(["docker", "restart", "john"]);
  expect(found.paths?.says).toEqual({ "/home/node/.openclaw": "/home/jarvis/.openclaw" });
  expect(found.health?.says).toEqual(["docker", "exec", "john", "openclaw", "health", "--json"]);
});

test("for root, a program that a user does not have is not looked for in root's own home", () => {
  const { claude: _, ...without } = homes;
  expect(describeInstallation(without, evidence).without).toBeUndefined();
  expect(describeInstallation(without, { ...evidence, asRoot: true }).without).toBe("claude");
  expect(describeInstallation({ account, claude: "/c" }, { ...evidence, asRoot: true }).without).toBe("openclaw");
});

test("one user's usual home keeps the name that it has without a configuration", () => {
  const work = { ...homes, profile: "work" };
  const john = { ...homes, account: { ...account, user: "john" } };
  expect(nameHomes([homes, work]).map(([name]) => name)).toEqual(["default", "work"]);
  expect(nameHomes([homes, work, john]).map(([name]) => name)).toEqual(["jarvis", "jarvis-work", "john"]);
});
