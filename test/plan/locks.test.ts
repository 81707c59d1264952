import { describe, expect, test } from "vitest";
import type { SeenLock } from "../../src/inspect/lock-finding.ts";
import { planLocks } from "../../src/plan/locks.ts";

type Shape = {
  state?: SeenLock["verdict"]["state"];
  byClock?: boolean;
  kind?: SeenLock["file"]["kind"];
  isEmpty?: boolean;
  isOverdue?: boolean;
  isMoved?: boolean;
};

function lock({ state = "stale", byClock = false, kind = "file", isEmpty = false, ...more }: Shape): SeenLock {
  const path = "/s/a.jsonl.lock";
  const fingerprint = { device: 1, inode: 1, sizeBytes: 1, mtimeMs: 0, mode: 0o600, uid: 0, gid: 0, links: 1 };
  return {
    place: { path, guards: "transcript" },
    file: { path, kind, isEmpty, payload: {}, text: "", fingerprint },
    verdict: { state, because: "so", ageMs: 1, byClock },
    finding: { kind: state === "held" ? "held-lock" : "stale-lock", severity: "warning", path, evidence: {} },
    isOverdue: false,
    isMoved: false,
    ...more,
  };
}

function outcome(shape: Shape, policy = { force: false }): string {
  const { jobs, spared } = planLocks({ locks: [lock(shape)] }, policy);
  return [
    ...jobs.flatMap(({ steps }) => steps.map(({ kind }) => kind)),
    ...spared.map(({ because }) => because),
  ].join();
}

describe("what becomes of a lock", () => {
  test.for<[string, Shape, string, string]>([
    ["whose owner is gone", {}, "remove-lock", "remove-lock"],
    ["that is held", { state: "held" }, "", "remove-lock"],
    ["that is held for too long", { state: "held", isOverdue: true }, "overdue-lock", "remove-lock"],
    ["of which nothing can be told", { state: "undecidable" }, "undecidable-lock", "remove-lock"],
    ["that is an empty directory", { kind: "folder", isEmpty: true }, "remove-lock", "remove-lock"],
    [
      "that is a filled directory",
      { kind: "folder", state: "undecidable" },
      "filled-lock-directory",
      "filled-lock-directory",
    ],
    ["that is no lock by its size", { kind: "large", state: "undecidable" }, "large-lock", "large-lock"],
    ["of sessions in SQLite", { isMoved: true }, "sqlite-era", "sqlite-era"],
  ])("%s", ([, shape, usual, forced]) => {
    expect(outcome(shape)).toBe(usual);
    expect(outcome(shape, { force: true })).toBe(forced);
  });

  test("while the clock is not to be trusted, only what does not depend on it goes", () => {
    const policy = { force: false, brake: "the clock was set" };
    expect(outcome({}, policy)).toBe("remove-lock");
    expect(outcome({ byClock: true }, policy)).toBe("clock-stepped");
    expect(outcome({ byClock: true }, { ...policy, force: true })).toBe("remove-lock");
  });
});
