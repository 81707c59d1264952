import fc from "fast-check";
import { expect, test } from "vitest";
import { deriveEntries } from "../../src/derive/derive-entries.ts";
import type { Facts } from "../../src/derive/derive-entry.ts";
import { evidenceOf } from "../../src/derive/evidence.ts";
import { STARTED_AT, transcriptOf, written } from "../support/unregistered.ts";

const factsOf = (id: string, content: Buffer | string, mtimeMs = STARTED_AT): Facts => ({
  path: `/sessions/${id}.jsonl`,
  mtimeMs,
  agentId: "main",
  evidence: evidenceOf(
    Buffer.from(content)
      .toString("latin1")
      .split("\n")
      .map((line) => Buffer.from(line, "latin1")),
  ),
  neighbours: { keys: [] },
  nameForGateway: (path) => path,
  nowMs: STARTED_AT + 1e8,
  reason: "x",
});

test("of several sessions of one place the newest gets its key", () => {
  const older = factsOf("older", transcriptOf([written.telegramGroup], { id: "older" }));
  const newer = factsOf("newer", transcriptOf([written.telegramGroup, written.telegramGroup], { id: "newer" }));
  const keys = deriveEntries([older, newer], ["agent:main:main"]).map(({ facts, derived }) => [
    facts.path,
    derived?.key,
  ]);
  expect(keys).toEqual([
    ["/sessions/newer.jsonl", "agent:main:telegram:group:-1002003004"],
    ["/sessions/older.jsonl", "agent:main:older"],
  ]);
});

test("whatever the bytes are, no key is given that is taken, and no time that is none", () => {
  const lines = transcriptOf([...Object.values(written)]).split("\n");
  const line = fc.oneof(fc.constantFrom(...lines), fc.json(), fc.string()).map((text) => Buffer.from(`${text}\n`));
  const content = fc
    .array(
      fc.oneof(
        line,
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
    )
    .map((all) => Buffer.concat(all));
  const taken = fc.subarray([
    ...[
      "agent:main:main",
      "agent:main:Telegram:group:-1002003004",
      "agent:main:s0",
      "agent:main:s1",
      "agent:main:s1-2",
    ],
    ...["global", "agent:main:subagent:s0", "agent:main:hook:s1", "agent:main:discord:channel:223456789012345678"],
  ]);
  fc.assert(
    fc.property(fc.array(content, { maxLength: 4 }), taken, (contents, takenKeys) => {
      const all = deriveEntries(
        contents.map((bytes, index) => factsOf(`s${index}`, bytes)),
        takenKeys,
      );
      const keys = [...takenKeys, ...all.map(({ derived }) => derived?.key ?? "")].map((key) => key.toLowerCase());
      expect(new Set(keys).size).toBe(keys.length);
      for (const { derived } of all) expect(derived?.entry.updatedAt).toBeGreaterThan(946_684_800_000);
    }),
  );
});
