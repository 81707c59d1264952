import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { carrierTo } from "../../src/apply/late-rows.ts";
import { openDisk } from "../../src/disk/disk.ts";

const folder = mkdtempSync(join(tmpdir(), "late-rows-"));
const path = join(folder, "t.jsonl");
afterAll(() => rmSync(folder, { recursive: true }));

const claude = (id: string, parent: string | null) =>
  `{"parentUuid":${JSON.stringify(parent)},"type":"user","uuid":"${id}"}\n`;
const openclaw = (id: string, parent: string | null) =>
  `{"type":"message","id":"${id}","parentId":${JSON.stringify(parent)}}\n`;

test.for([
  { what: "at the end", live: claude("a", null), late: claude("b", "a"), is: claude("a", null) + claude("b", "a") },
  {
    what: "before the row that hangs on them",
    live: claude("a", null) + claude("d", "c") + claude("e", "d"),
    late: claude("b", "a") + claude("c", "b"),
    is: claude("a", null) + claude("b", "a") + claude("c", "b") + claude("d", "c") + claude("e", "d"),
  },
  {
    what: "so in OpenClaw's dialect",
    live: openclaw("a", null) + openclaw("c", "b"),
    late: openclaw("b", "a"),
    is: openclaw("a", null) + openclaw("b", "a") + openclaw("c", "b"),
  },
  {
    what: "not at all when they are there already",
    live: claude("a", null) + claude("b", "a"),
    late: claude("b", "a"),
    is: claude("a", null) + claude("b", "a"),
  },
  {
    what: "as the rest of a line that was cut off",
    live: claude("a", null) + claude("b", "a").slice(0, 20),
    late: claude("b", "a"),
    is: claude("a", null) + claude("b", "a"),
  },
  {
    what: "in a line of their own behind one that was cut off",
    live: `${claude("a", null)}{"other`,
    late: claude("b", "a"),
    is: `${claude("a", null)}{"other\n${claude("b", "a")}`,
  },
])("rows that come late are put $what", async ({ live, late, is }) => {
  writeFileSync(path, live, { mode: 0o640 });
  await (await carrierTo(path, openDisk()))(Buffer.from(late));
  expect(readFileSync(path, "utf8")).toBe(is);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(["t.jsonl"]);
});

test("into a file that its program has written anew since, they go at the end", async () => {
  writeFileSync(path, claude("a", null) + claude("c", "b"));
  const carry = await carrierTo(path, openDisk());
  const anew = claude("z", null) + claude("a", "z") + claude("c", "b");
  writeFileSync(path, anew);
  await carry(Buffer.from(claude("b", "a")));
  expect(readFileSync(path, "utf8")).toBe(anew + claude("b", "a"));
});
