import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createProver, problemOfArchive } from "../../src/archive/proof.ts";
import { addArchive } from "../support/archives.ts";

const { signal } = new AbortController();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-proof-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stored = "a tar";
const sidecars = {
  archive: "s.sidecars.tar.gz",
  gzipBytes: stored.length,
  sha256: createHash("sha256").update(stored).digest("hex"),
  files: 1,
  bytes: 1,
};
const add = (segment: number) => addArchive(folder, "line\n", { sessionId: "s", source: "/s", segment, sidecars });

test("archives that are what the catalog says have no problem; the first that is not is told", async () => {
  writeFileSync(join(folder, sidecars.archive), stored);
  const [one, two] = [add(1), add(2)];
  expect(await createProver(folder, signal)([one, two])).toBeUndefined();
  writeFileSync(join(folder, two.archive), "damaged");
  expect(await createProver(folder, signal)([one, two])).toMatchObject({ record: two, problem: expect.any(String) });
  expect(await createProver(folder, signal)([{ ...one, bytes: 1 }])).toMatchObject({
    record: { archive: one.archive },
  });
});

test("what lies beside a last copy belongs to it, and is nothing to what falls", async () => {
  const one = add(1);
  expect((await createProver(folder, signal)([one]))?.problem).toContain(sidecars.archive);
  expect(await problemOfArchive(one, folder, signal)).toBeUndefined();
});

test("a run that is stopped says nothing of an archive", async () => {
  const stopped = AbortSignal.abort(new Error("stopped"));
  await expect(createProver(folder, stopped)([add(1)])).rejects.toThrow("stopped");
});
