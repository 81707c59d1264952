import * as z from "zod";

const result = z.enum(["planned", "done", "already-done", "changed-since-plan", "busy", "failed"]);
const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
});

const finding = z.strictObject({
  kind: z.string(),
  severity: z.enum(["info", "warning", "error"]),
  message: z.string(),
  resolved: z.boolean(),
  agent: z.string().optional(),
  sessionKey: z.string().optional(),
  sessionId: z.string().optional(),
  path: z.string().optional(),
  line: z.int().min(1).optional(),
  evidence: z.record(z.string(), z.unknown()),
});

const action = z.strictObject({
  kind: z.string(),
  message: z.string(),
  path: z.string().optional(),
  sessionId: z.string().optional(),
  sessionKey: z.string().optional(),
  because: z.array(z.string()),
  result,
  hint: z.string().optional(),
  detail: z.record(z.string(), z.unknown()).optional(),
});

const spared = z.strictObject({
  because: z.string(),
  message: z.string(),
  path: z.string().optional(),
  sessionId: z.string().optional(),
  sessionKey: z.string().optional(),
});

const count = z.int().min(0);

const sidecar = { archive: z.string(), gzipBytes: count, sha256: z.string(), files: count, bytes: count };
const sidecars = z.strictObject({ ...sidecar, earlier: z.array(z.strictObject(sidecar)).optional() });

const archive = z.strictObject({
  path: z.string(),
  archive: z.string(),
  at: z.string(),
  sessionId: z.string(),
  sessionKey: z.string().optional(),
  segment: z.int().min(1),
  reason: z.enum(["size", "corrupt", "repair", "idle", "sweep", "leftover", "manual"]),
  purpose: z.enum(["cut", "digest", "empty", "remove", "repair", "copy"]).optional(),
  dialect: z.enum(["claude-code", "openclaw"]),
  source: z.string(),
  command: z.string(),
  runId: z.string(),
  lines: count,
  bytes: count,
  gzipBytes: count,
  sha256: z.string(),
  previous: z.string().optional(),
  next: z.string().optional(),
  rootSession: z.string().optional(),
  firstAt: z.string().optional(),
  lastAt: z.string().optional(),
  sidecars: sidecars.optional(),
  verified: z.boolean().optional(),
  keptBy: z.array(z.string()).optional(),
});

const copy = z.strictObject({
  path: z.string().optional(),
  bytes: count,
  parts: count,
  withLive: z.boolean(),
});

const installation = z.strictObject({
  name: z.string(),
  era: z.enum(["F1", "F2", "F3a", "F3b", "S", "unknown"]).nullable(),
  dialects: z.array(z.enum(["claude-code", "openclaw"])),
  findings: z.array(finding),
  actions: z.array(action),
  spared: z.array(spared),
  archives: z.array(archive).optional(),
  copy: copy.optional(),
  failure: failure.optional(),
});

/** The shape of the `--json` document, for the JSON Schema in the package and for the tests that hold the program to it. */
export const reportSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.literal("session-keeper"),
  version: z.string(),
  runId: z.string(),
  host: z.string(),
  command: z.string(),
  verb: z.string().optional(),
  dryRun: z.boolean(),
  startedAt: z.iso.datetime(),
  durationMs: count,
  installations: z.array(installation),
  summary: z.strictObject({
    findings: count,
    actions: count,
    done: count,
    failed: count,
    bytesBefore: count,
    bytesAfter: count,
    bytesArchived: count,
  }),
  error: failure.optional(),
  exitCode: count,
});

/** The same as JSON Schema (draft 7). */
export function reportJsonSchema(): object {
  return z.toJSONSchema(reportSchema, { target: "draft-7" });
}
