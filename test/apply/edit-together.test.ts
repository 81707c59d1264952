import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { editTogether } from "../../src/apply/edit-together.ts";
import type { EditStep } from "../../src/apply/entry-undo.ts";
import type { Tools } from "../../src/apply/tools.ts";
import { hashOfText } from "../../src/apply/write-registry.ts";
import { defaults } from "../../src/config/defaults.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { findMembers, isObjectAt } from "../../src/json/json-text.ts";
import { readRegistry } from "../../src/registry/read.ts";
import { readUndoData } from "../../src/undo/read-data.ts";
import { putBackEntries } from "../../src/undo/registry.ts";
import { type JsonNode, jsonName, jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const folder = mkdtempSync(join(tmpdir(), "edit-together-"));
const path = join(folder, "sessions.json");
afterAll(() => rmSync(folder, { recursive: true }));

const tools = {
  disk: openDisk(),
  settings: defaults,
  installation: { openclaw: { home: folder, era: { era: "F1", because: "" } }, registries: [] },
  foreignPids: false,
  signal: new AbortController().signal,
} as unknown as Tools;

type Wish = "mend-entry" | "remove-entry" | "replace-entry" | "nothing";

/** A registry's text, and what is wanted of the entry at each place. */
const scene = fc.record({
  members: fc.uniqueArray(fc.tuple(jsonName, fc.oneof(jsonObject, fc.constant<JsonNode>({ raw: "null" }))), {
    maxLength: 7,
    selector: ([name]) => name,
  }),
  style: jsonStyle,
  wishes: fc.array(fc.constantFrom<Wish>("mend-entry", "remove-entry", "replace-entry", "nothing"), {
    minLength: 7,
    maxLength: 7,
  }),
  added: fc.uniqueArray(fc.constantFrom("agent:main:a", "agent:main:b", "agent:main:c"), { maxLength: 3 }),
});

/** The members of an object in a text: their names with the characters of their values. */
function valuesIn(text: string, at = 0): [name: string, value: string][] {
  return findMembers(text, at).members.map(({ name, valueAt, valueEnd }) => [name, text.slice(valueAt, valueEnd)]);
}

const NEW = '{"sessionId":"new","updatedAt":5}';

function stepsFor(text: string, wishes: readonly Wish[], added: readonly string[]): EditStep[] {
  const step = (key: string, change: EditStep["change"], edit: EditStep["edit"]) =>
    ({
      kind: "edit-registry",
      transcript: { path, sessionId: "" },
      entry: { agent: "main", registryPath: path, entry: { key, bindings: [], pinned: false } },
      change,
      edit,
    }) as unknown as EditStep;
  const changes = valuesIn(text).flatMap(([key, value], index) => {
    const wish = wishes[index];
    const seen = hashOfText(value);
    if (wish === "remove-entry") return step(key, wish, { seen });
    if (wish === "replace-entry") return step(key, wish, { seen, text: NEW });
    if (wish !== "mend-entry" || !isObjectAt(value, 0)) return [];
    const [first, second] = valuesIn(value).map(([name]) => name);
    if (first === undefined) return [];
    return step(key, wish, { seen, remove: [first], set: { [second ?? "sessionId"]: '"set"' } });
  });
  return [...changes, ...added.map((key) => step(key, "add-entry", { text: NEW }))];
}

/** What is expected, member by member. */
function expected(text: string, steps: readonly EditStep[]): [string, unknown][] {
  const byKey = new Map(steps.map((step) => [step.entry.entry.key, step]));
  const kept = valuesIn(text).flatMap(([key, value]): [string, unknown][] => {
    const step = byKey.get(key);
    if (step?.change === "remove-entry") return [];
    if (step?.change === "replace-entry") return [[key, JSON.parse(NEW)]];
    if (step?.change !== "mend-entry") return [[key, value]];
    const set = Object.entries(step.edit?.set ?? {})[0] ?? ["", ""];
    const fields = valuesIn(value).filter(([name]) => !step.edit?.remove?.includes(name));
    const isThere = fields.some(([name]) => name === set[0]);
    const mended = fields.map(([name, field]) => (name === set[0] ? set : [name, field]));
    return [[key, isThere ? mended : [...mended, set]]];
  });
  const added = steps.flatMap(({ change, entry }): [string, unknown][] =>
    change === "add-entry" ? [[entry.entry.key, JSON.parse(NEW)]] : [],
  );
  return [...kept, ...added];
}

/** The same of what came out: a mended entry by its fields, a new one by its value, any other by its characters. */
function found(text: string, steps: readonly EditStep[]): [string, unknown][] {
  const changes = new Map(steps.map(({ entry, change }) => [entry.entry.key, change]));
  return valuesIn(text).map(([key, value]) => {
    const change = changes.get(key);
    if (change === "mend-entry") return [key, valuesIn(value)];
    return [key, change === undefined ? value : JSON.parse(value)];
  });
}

test("whatever a registry holds, what is not named keeps every character, edits together are as one by one, and an undo leads back", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ members, style, wishes, added }) => {
      const text = printJson({ object: members }, style);
      const steps = stepsFor(text, wishes, added);
      writeFileSync(path, text);
      for (const step of steps) expect(await editTogether([step], tools)).toMatchObject([{ result: "done" }]);
      const oneByOne = readFileSync(path, "utf8");

      writeFileSync(path, text);
      const outcomes = await editTogether(steps, tools);

      expect(outcomes.map(({ result }) => result)).toEqual(steps.map(() => "done"));
      const together = readFileSync(path, "utf8");
      expect(found(together, steps)).toEqual(expected(text, steps));
      expect(found(oneByOne, steps)).toEqual(found(together, steps));
      expect(readRegistry(path, { checkNames: true }).problem).toBeUndefined();

      for (const { undo } of outcomes.toReversed()) {
        const data = readUndoData(JSON.parse(JSON.stringify(undo)));
        if (!data || !("registry" in data) || "backup" in data) throw new Error("there is no way back");
        const [[result] = []] = await putBackEntries(path, [[data]], tools);
        expect(result).not.toHaveProperty("because");
      }
      const back = readFileSync(path, "utf8");
      expect(valuesIn(back)).toEqual(valuesIn(text));
      // white space as no gateway writes it does not come back with an entry
      if ("pretty" in style) expect(back).toBe(text);
    }),
    { numRuns: 60 },
  );
});

test("nothing is changed for an entry that is not what was looked at any more, and the others are", async () => {
  const text = '{\n  "a": {"x": 1},\n  "b": null\n}';
  writeFileSync(path, text);
  const steps = stepsFor(text, ["remove-entry", "remove-entry"], ["agent:main:a"]);
  writeFileSync(path, text.replace("1", "2"));
  const outcomes = await editTogether(steps, tools);
  expect(outcomes.map(({ result }) => result)).toEqual(["changed-since-plan", "done", "done"]);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ a: { x: 2 }, "agent:main:a": JSON.parse(NEW) });
});

test("an entry does not come where one of that name stands, in whatever case", async () => {
  writeFileSync(path, '{"AGENT:main:a":{}}');
  const [outcome] = await editTogether(stepsFor("{}", [], ["agent:main:a"]), tools);
  expect(outcome).toMatchObject({ result: "changed-since-plan" });
  expect(readFileSync(path, "utf8")).toBe('{"AGENT:main:a":{}}');
});

/** A disk that writes the registry in place, as a shell's `>` does, while its first draft is being made. */
function writtenInPlace(text: string): Tools {
  const disk = openDisk();
  let isWritten = false;
  const createWith: typeof disk.createWith = (draft, content, ownership) => {
    if (!isWritten && !draft.includes(".lock")) {
      isWritten = true;
      writeFileSync(path, text);
    }
    disk.createWith(draft, content, ownership);
  };
  return { ...tools, disk: { ...disk, createWith } };
}

test.each([
  ["shorter", '{"a":1}'],
  ["longer", `{"c":"${"x".repeat(99)}","a":1}`],
  ["as long", '{"c":9999,"a":1}'],
])("a registry that is written in place while it is read is read anew (%s)", async (_, text) => {
  writeFileSync(path, '{"a":1,"b":123}\n');
  const [outcome] = await editTogether(stepsFor('{"a":1}', ["remove-entry"], []), writtenInPlace(text));
  expect(outcome).toMatchObject({ result: "done" });
  const { a, ...others } = JSON.parse(text);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(others);
  expect(readdirSync(folder)).toEqual(["sessions.json"]);
});

test.each([
  ["broke", () => writeFileSync(path, '{"a":1'), "unparsable"],
  ["was emptied", () => writeFileSync(path, ""), "empty"],
  ["went", () => rmSync(path), "missing"],
])(
  "a registry that %s since it was looked at has not forgotten the session: nothing is taken for done",
  async (_, happen, problem) => {
    writeFileSync(path, '{"a":1}');
    const steps = stepsFor('{"a":1}', ["remove-entry"], []);
    happen();
    const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
    await expect(editTogether(steps, tools)).rejects.toThrow(`the registry ${path} is ${problem}`);
    expect(existsSync(path) ? readFileSync(path, "utf8") : undefined).toBe(before);
  },
);

test.each([
  ["the session id", { sessionId: "s" }, "done"],
  ["a binding", { sessionId: "new", cliSessionIds: { "claude-cli": " c " } }, "changed-since-plan"],
  ["the oldest kind of binding", { sessionId: "new", claudeCliSessionId: "c" }, "changed-since-plan"],
  ["the file", { sessionId: "new", sessionFile: "/h/agents/main/sessions/s.jsonl" }, "changed-since-plan"],
  ["the file, of a topic", { sessionId: "new", sessionFile: "/x/s-topic-1.jsonl" }, "changed-since-plan"],
  ["nothing", { sessionId: "new", sessionFile: "/x/new.jsonl", claudeCliSessionId: "d" }, "already-done"],
])("an entry that leads to its session by %s alone has not forgotten it", async (_, held, result) => {
  writeFileSync(path, JSON.stringify({ a: held }));
  const entry = { key: "a", sessionId: "s", bindings: [{ provider: "claude-cli", sessionId: "c" }], pinned: false };
  const step = {
    ...stepsFor('{"a":{}}', ["remove-entry"], [])[0],
    entry: { agent: "main", registryPath: path, entry },
  };
  const { edit: _seen, ...unseen } = { ...step, transcript: { path, sessionId: "c" } } as unknown as EditStep;
  expect(await editTogether([unseen], tools)).toMatchObject([{ result }]);
});
