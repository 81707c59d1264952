import { expect, test } from "vitest";
import { checkArchives, checkFiles } from "../../src/setup/file-checks.ts";
import type { FileFacts } from "../../src/setup/file-facts.ts";
import { saidBy } from "../support/checks.ts";

const GB = 1_000_000_000;
const NOW = Date.parse("2026-05-01");
const mount = { device: "8:1", root: "/", at: "/", type: "ext4", source: "/dev/sda1", isReadOnly: false };
const facts: FileFacts = {
  tried: 4,
  obstacles: [],
  uid: 1000,
  open: [],
  places: [{ path: "/h/.claude", role: "home", device: 1, mount }],
  archives: [{ path: "/h/.claude/session-archives", freeBytes: 5 * GB, isOwnDisk: false }],
  transcriptBytes: 0,
};
const said = (over: Partial<FileFacts>) => saidBy(checkFiles({ ...facts, ...over }, NOW));
const home = (over: Partial<typeof mount>) => ({
  places: [{ path: "/h", role: "home" as const, device: 1, mount: { ...mount, ...over } }],
});

test("all is well", () => {
  expect(said({})).toEqual(["paths-usable ok", "disk-local ok"]);
});

test("paths that cannot be used are errors; many are counted", () => {
  const one = { path: "/h/a", need: "change" as const, at: "/h/a", errno: "EACCES", owner: 0, mode: 0o644 };
  expect(said({ obstacles: [one, { ...one, need: "read" }] }).slice(0, 2)).toEqual([
    "path-unwritable error",
    "path-unreadable error",
  ]);
  const many = checkFiles({ ...facts, obstacles: Array.from({ length: 20 }, () => one) }, NOW);
  expect(many).toHaveLength(10);
  expect(many[8]).toMatchObject({ kind: "paths-more", evidence: { count: 12 } });
});

test.for([
  { type: "tmpfs", kind: "disk-memory warning" },
  { type: "nfs4", kind: "disk-network warning" },
  { type: "overlay", kind: "disk-layer warning" },
  { type: "fuse.odd", kind: "disk-unknown advice" },
])("on $type: $kind", ({ type, kind }) => {
  expect(said(home({ type }))).toContain(kind);
});

test("a disk that is mounted read-only, a home that others look into, and a clock behind the files are told", () => {
  expect(said(home({ isReadOnly: true }))).toContain("disk-read-only error");
  expect(said({ open: [{ path: "/h", mode: 0o755 }] })).toContain("home-open advice");
  const ahead = (ms: number) => said({ newest: { path: "/h/a", mtimeMs: NOW + ms } });
  expect(ahead(3_600_001)).toContain("clock-behind-files error");
  expect(ahead(3_599_999)).not.toContain("clock-behind-files error");
});

test.for([
  { freeBytes: GB, transcriptBytes: GB / 2, kind: "archive-space ok" },
  { freeBytes: GB - 1, transcriptBytes: 0, kind: "archive-space-low warning" },
  { freeBytes: 4 * GB - 1, transcriptBytes: 2 * GB, kind: "archive-space-low warning" },
  { freeBytes: 4 * GB, transcriptBytes: 2 * GB, kind: "archive-space ok" },
])("$freeBytes bytes free for $transcriptBytes: $kind", ({ freeBytes, transcriptBytes, kind }) => {
  const archives = [{ path: "/a", freeBytes, isOwnDisk: true }];
  expect(saidBy(checkArchives({ ...facts, archives, transcriptBytes }))).toEqual([kind, "archive-own-disk ok"]);
});

test.for([
  { path: "/tmp/a", isTold: true },
  { path: "/var/tmp", isTold: true },
  { path: "/tmpfoo/a", isTold: false },
])("archives in $path do not last: $isTold", ({ path, isTold }) => {
  const archives = [{ path, freeBytes: 9 * GB, isOwnDisk: true }];
  expect(saidBy(checkArchives({ ...facts, archives })).includes("archive-passing error")).toBe(isTold);
});
