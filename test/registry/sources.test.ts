import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSources } from "../../src/registry/sources.ts";

const UUID = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";
const NOW_MS = 1_770_640_000_000;
const HOUR_MS = 3_600_000;
const text = JSON.stringify({ "agent:main:a": { sessionId: "a" }, "agent:main:b": { sessionId: "b" } }, null, 2);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-sources-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, mtimeMs = NOW_MS, content = text): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  return path;
}

const read = () => readSources(join(folder, "sessions.json"));
const told = () => read().sources.map(({ path, origin }) => [basename(path), origin]);

describe("readSources", () => {
  it("knows temporary files and backups by their names, and nothing else", () => {
    for (const name of [`sessions.json.12.${UUID}.tmp`, `sessions.json.${UUID}.tmp`]) put(name);
    for (const name of ["", `.${NOW_MS}`, "-20260209-120000", ".1", "_mine", "-before-update"])
      put(`sessions.json.bak${name}`);
    for (const name of ["", ".lock", ".bak.lock", ".tmp", `.x.${UUID}.tmp`, ".old", `.${UUID}.tmp.gz`])
      put(`sessions.json${name}`);
    put("sessions.jsonl.bak");
    put(`other.json.${UUID}.tmp`);
    expect(new Map(told() as [string, string][])).toEqual(
      new Map([
        [`sessions.json.12.${UUID}.tmp`, "temp"],
        [`sessions.json.${UUID}.tmp`, "temp"],
        ["sessions.json.bak", "backup"],
        [`sessions.json.bak.${NOW_MS}`, "backup"],
        ["sessions.json.bak-20260209-120000", "backup"],
        ["sessions.json.bak.1", "backup"],
        ["sessions.json.bak_mine", "backup"],
        ["sessions.json.bak-before-update", "backup"],
      ]),
    );
    expect(read().leftOut).toEqual([]);
  });

  it("puts the newest first, by the last change, and by the name of what was copied later", () => {
    put("sessions.json.bak", NOW_MS - 2 * HOUR_MS);
    put(`sessions.json.${UUID}.tmp`, NOW_MS - HOUR_MS);
    put(`sessions.json.bak.${NOW_MS - 3 * HOUR_MS}`, NOW_MS);
    put(`sessions.json.bak.${NOW_MS}`, NOW_MS - 4 * HOUR_MS);
    put("sessions.json.bak-20250101-120000", NOW_MS);
    expect(
      read()
        .sources.map(({ path, writtenMs }) => [basename(path), (NOW_MS - writtenMs) / HOUR_MS])
        .slice(0, 4),
    ).toEqual([
      [`sessions.json.${UUID}.tmp`, 1],
      ["sessions.json.bak", 2],
      [`sessions.json.bak.${NOW_MS - 3 * HOUR_MS}`, 3],
      [`sessions.json.bak.${NOW_MS}`, 4],
    ]);
    expect(new Date(read().sources[4]?.writtenMs ?? 0).getFullYear()).toBe(2025);
  });

  it("saves what stands whole in each of them", () => {
    put(`sessions.json.${UUID}.tmp`, NOW_MS, text.slice(0, -10));
    const [source] = read().sources;
    expect(source?.salvage.entries.map(({ key }) => key)).toEqual(["agent:main:a"]);
    expect(source?.salvage.isWhole).toBe(false);
  });

  it("follows no link, waits for no pipe, and tells what it passed over", () => {
    symlinkSync(put("elsewhere"), join(folder, "sessions.json.bak"));
    execFileSync("mkfifo", [join(folder, "sessions.json.bak.1")]);
    mkdirSync(join(folder, "sessions.json.bak.2"));
    put("sessions.json.bak.3", NOW_MS, "");
    truncateSync(put("sessions.json.bak.4"), 2 ** 30);
    put("sessions.json.bak.5", NOW_MS, "{}");
    const { sources, leftOut } = read();
    expect(leftOut.map(({ path, why }) => [basename(path), why])).toEqual([
      ["sessions.json.bak", "is-a-link"],
      ["sessions.json.bak.1", "no-regular-file"],
      ["sessions.json.bak.2", "no-regular-file"],
      ["sessions.json.bak.3", "holds-no-entry"],
      ["sessions.json.bak.4", "too-large"],
    ]);
    expect(sources.map(({ path }) => basename(path))).toEqual(["sessions.json.bak.5"]);
  });

  it("finds nothing in a folder that isn't there", () => {
    expect(readSources(join(folder, "none", "sessions.json"))).toEqual({ sources: [], leftOut: [] });
  });
});
