import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
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
  await carrierTo(path, openDisk())(Buffer.from(late));
  expect(readFileSync(path, "utf8")).toBe(is);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(["t.jsonl"]);
});

test("each time they are put into the file as it is by then", async () => {
  writeFileSync(path, claude("a", null) + claude("c", "b"));
  const carry = carrierTo(path, openDisk());
  writeFileSync(path, claude("z", null) + claude("a", "z") + claude("c", "b"));
  await carry(Buffer.from(claude("b", "a")));
  await carry(Buffer.from(claude("b", "a") + claude("y", null)));
  const ended = claude("z", null) + claude("a", "z") + claude("b", "a") + claude("c", "b") + claude("y", null);
  expect(readFileSync(path, "utf8")).toBe(ended);
});

test("into a file that its program writes anew in that moment, they go at the end", async () => {
  writeFileSync(path, claude("a", null) + claude("c", "b"));
  const disk = openDisk();
  const { link } = disk;
  const anew = claude("z", null) + claude("a", "z") + claude("c", "b");
  disk.link = (from, to) => {
    link.call(disk, from, to);
    writeFileSync(`${path}.tmp`, anew);
    renameSync(`${path}.tmp`, path);
  };
  await carrierTo(path, disk)(Buffer.from(claude("b", "a")));
  expect(readFileSync(path, "utf8")).toBe(anew + claude("b", "a"));
  expect(readdirSync(folder)).toEqual(["t.jsonl"]);
});

test("into a file that is gone they are put as they are", async () => {
  rmSync(path, { force: true });
  await carrierTo(path, openDisk())(Buffer.from(`\n${claude("b", "a")}`));
  expect(readFileSync(path, "utf8")).toBe(claude("b", "a"));
});

test("a line at the end that is longer than they are is not taken for one of theirs", async () => {
  const open = `{"other":"${"x".repeat(500)}`;
  writeFileSync(path, claude("a", null) + open);
  await carrierTo(path, openDisk())(Buffer.from(claude("b", "a")));
  expect(readFileSync(path, "utf8")).toBe(`${claude("a", null)}${open}\n${claude("b", "a")}`);
});
