import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { draftPathFor } from "../../src/disk/left-behind.ts";
import { findLocks } from "../../src/installation/locks.ts";
import { makeHome, sessionsFolder } from "../support/home.ts";

test("only names that a gateway, or Claude Code, uses for a lock are one", () => {
  const home = makeHome();
  onTestFinished(home.remove);
  const sessions = sessionsFolder(home);
  const inSessions = (name: string) => join(sessions, name);
  const locks = ["a.jsonl.lock", "a-topic-12.jsonl.lock", "sessions.json.lock"];
  const others = [
    "a.jsonl",
    "a.jsonl.lock.123.abc",
    "a.lock",
    "x.json.lock",
    ".jsonl.lock",
    "a.jsonl.lock.tmp",
    "b.jsonl.locked",
  ];
  for (const name of [...locks, ...others]) writeFileSync(inSessions(name), "");
  mkdirSync(inSessions("d.jsonl.lock"));
  const left = [draftPathFor(inSessions("a.jsonl.lock")), draftPathFor(join(home.claude, "history.jsonl.lock"))];
  for (const path of [...left, draftPathFor(inSessions("a.jsonl")), draftPathFor(join(home.claude, "x.lock"))])
    writeFileSync(path, "");
  for (const name of ["history.jsonl.lock", "settings.json.lock", "x.jsonl.lock"])
    writeFileSync(join(home.claude, name), "");
  const path = inSessions("sessions.json");
  const registry = { path, text: "", entries: [], corrupt: 0 };
  const leftBehind: string[] = [];
  const found = findLocks({
    claude: { home: home.claude, projects: join(home.claude, "projects") },
    registries: [{ agent: "main", path, sessions, registry }],
    leftBehind,
    unreadable: [],
  });
  expect(new Set(found.map((lock) => lock.path))).toEqual(
    new Set([...locks, "d.jsonl.lock"].map(inSessions).concat(join(home.claude, "history.jsonl.lock"))),
  );
  expect(found.find((lock) => lock.path === `${path}.lock`)).toMatchObject({ guards: "registry", agent: "main" });
  expect(new Set(leftBehind)).toEqual(new Set(left));
});
