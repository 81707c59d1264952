import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { age, archivesIn, readRegistryOf, unzip } from "../support/home.ts";
import { expectArchivesReadable, linesIn, linesOf, type Scene, type Session, setScene } from "./scene.ts";

export type Dialect = Session["dialect"];

/** A home with a damaged session that a registry leads to. `mended`: what a repair has to make of it, to the byte. */
export type DamagedScene = Scene & { session: Session; mended: Buffer; mtimeMs: number };

/** One that no program gives to a transcript, so that a new file with a mode of its own shows. */
const MODE = 0o640;

type Row = { [name: string]: unknown; message: { content: unknown[] } };

/** The damage is put into a healthy transcript, and a repair leads back to that one. */
export function setDamagedScene(dialect: Dialect): DamagedScene {
  const scene = setScene([dialect]);
  const [session] = scene.sessions;
  if (!session) throw new Error("the scene has no session");
  const mended = session.original;
  const rows = linesOf(mended).map((line) => JSON.parse(line) as Row);
  session.original = Buffer.from(dialect === "openclaw" ? damageOpenClaw(rows) : damageClaudeCode(rows));
  writeFileSync(session.path, session.original);
  chmodSync(session.path, MODE);
  age(session.path, 120_000);
  return { ...scene, session, mended, mtimeMs: statSync(session.path).mtimeMs };
}

/** A result without a call beside a sound one; and one in a row of its own, on which the next row hangs. */
function damageClaudeCode(rows: Row[]): string {
  const [before, after] = [rowAt(rows, 3), rowAt(rows, 4)];
  const { content } = before.message;
  const withOrphan = {
    ...before,
    message: { ...before.message, content: [...content, orphan("toolu_01BesideASound")] },
  };
  const uuid = "0f0f0f0f-0000-4000-8000-000000000000";
  const alone = {
    ...before,
    parentUuid: before.uuid,
    message: { role: "user", content: [orphan("toolu_01Alone")] },
    uuid,
  };
  rows.splice(3, 2, withOrphan, alone, { ...after, parentUuid: uuid });
  return rows.map(toLine).join("");
}

/** A result without a call, and a line that breaks off, on each of which the next row hangs; and a last line that breaks off. */
function damageOpenClaw(rows: Row[]): string {
  const [before, between, after] = [rowAt(rows, 2), rowAt(rows, 3), rowAt(rows, 4)];
  const message = { role: "toolResult", toolCallId: "toolu_01Alone", toolName: "read", content: [], isError: false };
  const [alone, broken] = ["0f0f0f01", "0f0f0f02"];
  const lines = [
    ...rows.slice(0, 3).map(toLine),
    toLine({ ...before, id: alone, parentId: before.id, message }),
    toLine({ ...between, parentId: alone }),
    `${toLine({ ...before, id: broken, parentId: between.id }).slice(0, -9)}\n`,
    toLine({ ...after, parentId: broken }),
    ...rows.slice(5).map(toLine),
  ];
  return `${lines.join("")}{"type":"message","id":"0f0f0f03","parent`;
}

/** A row as a raw append leaves it: a result without a call. Each number makes another one. */
export function orphanedRow(parentUuid: string, number: number): string {
  const uuid = `0f0f0f0f-0000-4000-8000-${String(number).padStart(12, "0")}`;
  const message = { role: "user", content: [orphan(`toolu_01Alone${number}`)] };
  return toLine({ parentUuid, isSidechain: false, type: "user", message, uuid });
}

/** Rows that its program adds to the session while we are at work. */
export function lateRows({ session, mended }: DamagedScene): string[] {
  let parent = JSON.parse(linesOf(mended).at(-1) ?? "");
  return [1, 2, 3].map((number) => {
    const text = `late ${number} ${"x".repeat(50)}`;
    const message = { role: "user", content: [{ type: "text", text }] };
    const { timestamp } = parent;
    parent =
      session.dialect === "openclaw"
        ? { type: "message", id: `0a0a0a0${number}`, parentId: parent.id, timestamp, message }
        : { ...parent, parentUuid: parent.uuid, uuid: `0a0a0a0a-0000-4000-8000-00000000000${number}`, message };
    return JSON.stringify(parent);
  });
}

/** There is nothing between what was and what has to be, and what is gone from the one is in an archive. */
export function expectOriginalOrMended(scene: DamagedScene): void {
  const { home, session, mended, registry } = scene;
  const live = readFileSync(session.path);
  const isOriginal = live.equals(session.original);
  expect(isOriginal || live.equals(mended), "the live file is the original or the mended one").toBe(true);
  const archives = archivesIn(home.root).map((path) => unzip(path).equals(session.original));
  expect(archives.every(Boolean), "archives are whole").toBe(true);
  expect(isOriginal || archives.length > 0, "there is an archive").toBe(true);
  expectUnaltered(scene);
  expectArchivesReadable(scene);
  expect(readRegistryOf(home)).toEqual(registry);
}

/** As after one undisturbed run. */
export function expectMended(scene: DamagedScene): void {
  expectOriginalOrMended(scene);
  expect(linesIn(scene.session.path)).toEqual(linesOf(scene.mended));
}

function expectUnaltered({ session, mtimeMs }: DamagedScene): void {
  const { mode, mtimeMs: now } = statSync(session.path);
  expect((mode & 0o7777).toString(8), "mode").toBe(MODE.toString(8));
  // a file system keeps finer times than can be set
  expect(Math.abs(now - mtimeMs), "milliseconds by which the time of change moved").toBeLessThan(0.01);
}

function orphan(tool_use_id: string): object {
  return { tool_use_id, type: "tool_result", content: "left over" };
}

function rowAt(rows: readonly Row[], index: number): Row {
  const row = rows[index];
  if (!row) throw new Error(`the session has no row ${index}`);
  return row;
}

function toLine(row: object): string {
  return `${JSON.stringify(row)}\n`;
}
