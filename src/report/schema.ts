import * as z from "zod";

const result = z.enum(["planned", "done", "already-done", "changed-since-plan", "busy", "failed"]);
const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
});

const severity = z.enum(["info", "warning", "error"]);

const finding = z.strictObject({
  kind: z.string(),
  severity,
  message: z.string(),
  resolved: z.boolean(),
  agent: z.string().optional(),
  sessionKey: z.string().optional(),
  sessionId: z.string().optional(),
  path: z.string().optional(),
  line: z.int().min(1).optional(),
  since: z.iso.datetime().optional(),
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

const point = z.strictObject({ at: z.number(), bytes: count, tokens: z.number().optional() });

const session = z.strictObject({
  sessionId: z.string(),
  sessionKey: z.string().optional(),
  agent: z.string().optional(),
  dialect: z.enum(["claude-code", "openclaw"]),
  path: z.string(),
  owner: z.enum(["bot", "personal", "unregistered"]),
  bytes: count,
  limitBytes: count.nullable(),
  lastAt: z.iso.datetime(),
  inUse: z.string().optional(),
  tokens: z.strictObject({ count: z.number(), warning: z.number(), critical: z.number() }).optional(),
  bytesPerDay: z.int().optional(),
  reachesLimitAt: z.iso.datetime().optional(),
  history: z.array(point),
});

const deeds = z.strictObject({ at: z.number(), runId: z.string(), did: z.record(z.string(), count) });
const mark = z.strictObject({ at: z.number(), open: count, failed: count, changed: deeds.optional() });

const status = z.strictObject({
  gateway: z
    .strictObject({ state: z.enum(["up", "down", "unknown"]), pid: z.int().optional(), because: z.string() })
    .optional(),
  version: z.string().optional(),
  sessions: z.strictObject({ total: count, bytes: count, fullest: z.array(session) }),
  locks: z.strictObject({ held: count, stale: count, undecidable: count }),
  registries: z.array(
    z.strictObject({
      agent: z.string(),
      path: z.string(),
      entries: count,
      transcripts: count,
      unregistered: count,
    }),
  ),
  archives: z.strictObject({
    count,
    bytes: count,
    heldBytes: count,
    sessions: count,
    newestAt: z.string().optional(),
    verified: z.strictObject({ at: z.string(), archives: count, bad: count }).optional(),
  }),
  log: z.strictObject({
    windowMs: count,
    sources: count,
    signatures: z.array(
      z.strictObject({ kind: z.string(), severity, signature: z.string(), lines: count, lastAt: z.string() }),
    ),
  }),
  runs: z.record(z.string(), mark.nullable()),
});

const check = z.strictObject({
  group: z.string(),
  kind: z.string(),
  severity: z.enum(["ok", "advice", "warning", "error"]),
  message: z.string(),
  remedy: z.string().optional(),
  path: z.string().optional(),
  evidence: z.record(z.string(), z.unknown()),
});

const change = z.strictObject({
  kind: z.string(),
  result: z.enum(["planned", "done", "already-done"]),
  message: z.string(),
  path: z.string().optional(),
  evidence: z.record(z.string(), z.unknown()),
});
const paths = z.record(z.string(), z.string());
const containerPaths = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("mounts"), pid: count, paths }),
  z.strictObject({ from: z.literal("registries"), paths }),
]);

const explanation = z.strictObject({
  kind: z.string(),
  of: z.enum(["finding", "action", "spared"]),
  summary: z.string(),
  what: z.string(),
  effect: z.string().optional(),
  releases: z
    .array(
      z.strictObject({
        dialect: z.enum(["claude-code", "openclaw"]),
        form: z.string().optional(),
        effects: z.array(
          z.strictObject({ releases: z.string(), effect: z.enum(["fatal", "loses-context", "harmless"]) }),
        ),
      }),
    )
    .optional(),
  keeper: z.string().optional(),
  byHand: z.string().optional(),
  back: z.string().optional(),
});

const installation = z.strictObject({
  name: z.string(),
  era: z.enum(["F1", "F2", "F3a", "F3b", "S", "unknown"]).nullable(),
  dialects: z.array(z.enum(["claude-code", "openclaw"])),
  containerPaths: containerPaths.optional(),
  findings: z.array(finding),
  actions: z.array(action),
  spared: z.array(spared),
  archives: z.array(archive).optional(),
  copy: copy.optional(),
  status: status.optional(),
  checks: z.array(check).optional(),
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
  checks: z.array(check).optional(),
  text: z.string().optional(),
  changes: z.array(change).optional(),
  explanations: z.array(explanation).optional(),
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
