import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assignPositions } from "../../src/gateway-log/assign.ts";
import { type OpenLog, openLog } from "../../src/gateway-log/open-log.ts";
import { type LogPosition, positionAfter } from "../../src/gateway-log/position.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-assign-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function positionAtEndOf(path: string): Promise<LogPosition> {
  const log = (await openLog(path)) as OpenLog;
  const position = await positionAfter(log, undefined, { offset: log.stats.size, lastAt: undefined }, 1);
  await log.handle.close();
  return position;
}

test("positions follow the files that were renamed, and the copy of one that was emptied", async () => {
  const [live, one, two] = ["gw.log", "gw.log.1", "gw.log.2"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(live, "the live log\n");
  writeFileSync(one, "an older part\n");
  const known = new Map([
    [live, await positionAtEndOf(live)],
    [one, await positionAtEndOf(one)],
  ]);
  renameSync(one, two);
  appendFileSync(live, "one line more\n");
  copyFileSync(live, one);
  writeFileSync(live, "");
  const { assigned, keys } = await assignPositions([live, one, two, join(folder, "none.log")], known);
  expect([...assigned].map(([path, { origin, position }]) => [path, origin, position.offset])).toEqual([
    [one, live, 13],
    [two, one, 14],
  ]);
  expect([...keys.keys()]).toEqual([live, one, two]);
});

test("a log whose content is another goes on from nothing", async () => {
  const path = join(folder, "single.log");
  writeFileSync(path, "a line\n");
  const known = new Map([[path, await positionAtEndOf(path)]]);
  expect((await assignPositions([path], known)).assigned.get(path)?.position).toBe(known.get(path));
  writeFileSync(path, "other\n");
  expect((await assignPositions([path], known)).assigned.size).toBe(0);
});
