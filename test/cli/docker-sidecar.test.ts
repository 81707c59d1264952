import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { giveTo, isRoot, OWNER } from "../crash/rotate-as.ts";
import { NO_CONTAINER } from "../support/container.ts";
import { type Home, makeHome, sessionsFolder } from "../support/home.ts";
import { ago, payload } from "../support/locks.ts";

const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");

/** A home with a lock that names a process which is not there. */
function aHome(): Home & { lock: string } {
  const home = makeHome();
  onTestFinished(home.remove);
  const lock = join(sessionsFolder(home), "a.jsonl.lock");
  writeFileSync(lock, payload({ pid: 4_000_000, createdAt: ago(60_000), starttime: 1 }));
  return { ...home, lock };
}

/**
 * Runs clean-locks with process ids of its own, as in a container. `volume`: the home is mounted there. `beside`: what else
 * runs in it.
 */
function cleanInside(
  { openclaw, args }: Home,
  { volume, beside = "true" }: { volume: string | null; beside?: string },
) {
  const mount = volume === null ? "true" : `mount --bind "${volume}" "${volume}"`;
  const script = `${mount} && { ${beside} & } && sleep 0.2 && "$@"; kill %1 2>/dev/null; exit 0`;
  const keeper = [process.execPath, binary, "clean-locks", "--json", ...args];
  const argv = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc"];
  const { stdout } = spawnSync("unshare", [...argv, "sh", "-c", script, openclaw, ...keeper], {
    encoding: "utf8",
    env: { PATH: process.env.PATH },
  });
  return stdout === "" ? undefined : (JSON.parse(stdout) as ReportDocument);
}

test("in a sidecar, to which the home was lent and in which no gateway is, locks go by their age", ({ skip }) => {
  const home = aHome();
  const report = cleanInside(home, { volume: home.openclaw });
  if (!report) return skip(NO_CONTAINER);
  expect(report.installations[0]?.findings).toMatchObject([{ kind: "undecidable-lock", path: home.lock }]);
  expect(existsSync(home.lock)).toBe(true);
  const above = cleanInside(home, { volume: home.root });
  expect(above?.installations[0]?.findings).toMatchObject([{ kind: "undecidable-lock" }]);
});

test("in a container with a home of its own, or with the gateway in it, they go by their owner", ({ skip }) => {
  const own = aHome();
  const report = cleanInside(own, { volume: null });
  if (!report) return skip(NO_CONTAINER);
  expect(existsSync(own.lock)).toBe(false);
  const shared = aHome();
  const gateway = `"${process.execPath}" -e 'setTimeout(() => {}, 20000)' openclaw`;
  cleanInside(shared, { volume: shared.openclaw, beside: gateway });
  expect(existsSync(shared.lock)).toBe(false);
});

test.skipIf(!isRoot)(
  "in a user namespace, homes of a user that it does not know are left alone, and that is said",
  ({ skip }) => {
    const home = aHome();
    giveTo(home, OWNER);
    chmodSync(home.root, 0o755);
    const report = cleanInside(home, { volume: null });
    if (!report) return skip(NO_CONTAINER);
    const message = "the homes of this installation belong to a user whom this user namespace does not know";
    expect(report).toMatchObject({ exitCode: 3, installations: [{ failure: { message } }] });
    expect(existsSync(home.lock)).toBe(true);
  },
);
