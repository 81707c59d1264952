import { expect, test } from "vitest";
import { defaults } from "../../src/config/defaults.ts";
import type { InstallationSettings, Settings } from "../../src/config/settings.ts";
import type { Finding } from "../../src/inspect/finding.ts";
import type { Candidate, RotationFacts } from "../../src/inspect/rotation.ts";
import type { Era } from "../../src/installation/era.ts";
import type { GatewayState } from "../../src/installation/gateway.ts";
import type { Installation, Transcript } from "../../src/installation/installation.ts";
import { planRotation, type RotationPolicy } from "../../src/plan/rotate.ts";
import type { Cut } from "../../src/structure/cut.ts";

const rotate = { ...defaults.rotate } as Settings["rotate"];
const emptying = { rotate: { ...rotate, strategy: "empty" } } as const;

function anInstallation(era: Era | null, more: Partial<InstallationSettings> = {}): Installation {
  const settings = {
    name: "jarvis",
    openclaw: null,
    claude: { home: "/c", personalSessions: "ignore", personalMaxSize: 50_000_000 },
    memoryNote: "{workspace}/m.md",
    ...more,
  } as InstallationSettings;
  const openclaw = era
    ? { home: "/o", config: { path: "/o/openclaw.json", agents: [] }, era: { era, because: "" } }
    : null;
  return {
    name: "jarvis",
    settings,
    openclaw,
    claude: { home: "/c", projects: "/c/projects" },
    workspaces: [],
    logs: [],
    transcripts: [],
    registries: [],
    locks: [],
    leftBehind: [],
    neighbours: [],
    unseenNeighbours: [],
    claimedElsewhere: [],
    folders: [],
    unreadable: [],
  };
}

function aTranscript(more: Partial<Transcript> = {}): Transcript {
  const fingerprint = { device: 1, inode: 1, sizeBytes: 3_000_000, mtimeMs: 0, mode: 0o600, uid: 0, gid: 0, links: 1 };
  const entry = { key: "agent:main:main", bindings: [], pinned: false };
  return {
    dialect: "claude-code",
    path: "/c/projects/p/s.jsonl",
    sessionId: "s",
    group: "p",
    kind: "file",
    fingerprint,
    entries: [{ agent: "main", registryPath: "/o/sessions.json", entry }],
    inWorkspace: true,
    ...more,
  };
}

function aCandidate(more: Partial<Candidate> = {}): Candidate {
  return {
    transcript: aTranscript(),
    ownership: "bot",
    findings: [],
    isOversized: true,
    isCondemned: false,
    mendable: [],
    canRewind: false,
    isNamed: false,
    quietForMs: 60_000,
    prunable: { byCut: [], byRepair: [], otherwise: [] },
    canDigest: true,
    ...more,
  };
}

function aCut(bytesAfter: number): Cut {
  return { boundary: { line: 9, at: 9 }, archivedTo: 9, carried: [], carriedLines: 0, keptFrom: 9, bytesAfter };
}

function decide(
  candidate: Candidate,
  options: {
    era?: Era | null;
    gateway?: GatewayState["state"];
    policy?: Partial<RotationPolicy>;
    settings?: Partial<InstallationSettings>;
  } = {},
) {
  const gateway = { state: options.gateway ?? "down", because: "the gateway's state" } as const;
  const facts = {
    findings: [],
    candidates: [candidate],
    staleBindings: [],
    gateway,
    foreignPids: false,
    logs: {},
  } as unknown as RotationFacts;
  const plan = planRotation(anInstallation(options.era === undefined ? "F1" : options.era, options.settings), facts, {
    rotate,
    force: false,
    mayRestart: false,
    ...options.policy,
  });
  const [job] = plan.jobs;
  if (!job) return plan.spared[0]?.because;
  return job.wait ? `waits: ${job.wait}` : job.steps.map(({ kind }) => kind).join(" ");
}

const emptied = "archive-transcript append-note edit-registry empty-transcript";
const digested = "archive-transcript append-note digest-transcript";
const cutOff = "archive-transcript append-note cut-transcript";
const removed = "archive-transcript append-note edit-registry remove-transcript";
const mended = "archive-transcript repair-transcript";
const damage: Finding = { kind: "orphaned-result", severity: "error", evidence: {} };
const personal = { ownership: "personal", transcript: aTranscript({ entries: [] }) } as const;
const inOpenClawHome = {
  transcript: aTranscript({ dialect: "openclaw", path: "/o/agents/main/sessions/s.jsonl" }),
};
const inOpenClaw = { transcript: aTranscript({ dialect: "openclaw" }) };

test.for<{ what: string; candidate: Candidate; is: string; options?: Parameters<typeof decide>[1] }>([
  { what: "an oversized bot session without a compaction", candidate: aCandidate(), is: digested },
  { what: "an oversized bot session that can be cut", candidate: aCandidate({ cut: aCut(1_000_000) }), is: cutOff },
  {
    what: "one that can be cut while it is in use",
    candidate: aCandidate({ cut: aCut(1_000_000), inUse: "a process has it", quietForMs: 0 }),
    is: cutOff,
  },
  {
    what: "an oversized bot session that is to be emptied",
    candidate: aCandidate({ cut: aCut(1_000_000) }),
    options: { policy: emptying },
    is: emptied,
  },
  {
    what: "a condemned one that could be cut",
    candidate: aCandidate({ cut: aCut(1_000_000), isCondemned: true }),
    is: digested,
  },
  {
    what: "one of OpenClaw that can be cut while a gateway runs that would take the lock",
    candidate: aCandidate({ ...inOpenClawHome, cut: aCut(1_000_000) }),
    options: { era: "F3b", gateway: "up" },
    is: "gateway-up",
  },
  {
    what: "one of OpenClaw that can be cut and is in use",
    candidate: aCandidate({ ...inOpenClawHome, cut: aCut(1_000_000), inUse: "a process has it" }),
    is: "waits: a process has it",
  },
  {
    what: "a damaged one that is neither oversized nor condemned",
    candidate: aCandidate({ isOversized: false, mendable: [damage] }),
    is: mended,
  },
  {
    what: "a damaged one that is oversized and cannot be cut",
    candidate: aCandidate({ mendable: [damage] }),
    is: mended,
  },
  {
    what: "a damaged one that was written to a moment ago",
    candidate: aCandidate({ isOversized: false, mendable: [damage], quietForMs: 1000 }),
    is: "waits: it was written to 1 s ago",
  },
  {
    what: "a damaged one of OpenClaw while a gateway runs that would take the lock",
    candidate: aCandidate({ ...inOpenClawHome, isOversized: false, mendable: [damage] }),
    options: { era: "F3b", gateway: "up" },
    is: "gateway-up",
  },
  {
    what: "a damaged one of OpenClaw while a gateway runs that respects the lock",
    candidate: aCandidate({ ...inOpenClawHome, isOversized: false, mendable: [damage] }),
    options: { era: "F2", gateway: "up" },
    is: mended,
  },
  {
    what: "a condemned one with damage",
    candidate: aCandidate({ isCondemned: true, mendable: [damage] }),
    is: mended,
  },
  {
    what: "a condemned one with damage that is to be emptied",
    candidate: aCandidate({ isCondemned: true, mendable: [damage] }),
    options: { policy: emptying },
    is: emptied,
  },
  {
    what: "a condemned one without damage that can be taken back",
    candidate: aCandidate({ isCondemned: true, canRewind: true }),
    is: mended,
  },
  {
    what: "a condemned one without damage that cannot be taken back",
    candidate: aCandidate({ isCondemned: true }),
    is: digested,
  },
  {
    what: "a damaged personal one",
    candidate: aCandidate({ ...personal, isOversized: false, mendable: [damage] }),
    is: "personal",
  },
  {
    what: "a condemned one that is not oversized",
    candidate: aCandidate({ isOversized: false, isCondemned: true }),
    is: digested,
  },
  {
    what: "one that was written to 29.999 s ago",
    candidate: aCandidate({ quietForMs: 29_999 }),
    is: "waits: it was written to 30 s ago",
  },
  { what: "one that was written to 30 s ago", candidate: aCandidate({ quietForMs: 30_000 }), is: digested },
  {
    what: "a condemned one that was written to just now",
    candidate: aCandidate({ isCondemned: true, quietForMs: 0 }),
    is: digested,
  },
  { what: "one in use", candidate: aCandidate({ inUse: "a process has it" }), is: "waits: a process has it" },
  { what: "one whose place is taken by a link", candidate: aCandidate({ unsafe: "a link" }), is: "unsafe" },
  { what: "a personal one", candidate: aCandidate(personal), is: "personal" },
  {
    what: "a personal one that was named",
    candidate: aCandidate({ ...personal, isNamed: true }),
    is: digested,
  },
  {
    what: "a named one that needs nothing",
    candidate: aCandidate({ isNamed: true, isOversized: false }),
    is: "healthy",
  },
  {
    what: "an OpenClaw transcript of which no digest can be made",
    candidate: aCandidate({ ...inOpenClaw, canDigest: false }),
    is: removed,
  },
  {
    what: "an OpenClaw transcript without an entry",
    candidate: aCandidate({ ownership: "unregistered", transcript: aTranscript({ dialect: "openclaw", entries: [] }) }),
    is: "unregistered",
  },
])("$what: $is", ({ candidate, is, options }) => {
  expect(decide(candidate, options)).toBe(is);
});

test("--force takes a named session although it is in use, small and fresh, and only a named one", () => {
  const busy = { inUse: "a process has it", isOversized: false, quietForMs: 0 };
  expect(decide(aCandidate({ ...busy, isNamed: true }), { policy: { force: true } })).toBe(digested);
  expect(decide(aCandidate({ ...busy, isOversized: true }), { policy: { force: true } })).toBe(
    "waits: a process has it",
  );
});

test("personal sessions follow their own policy and limit", () => {
  const claude = (personalSessions: "cut" | "all", personalMaxSize: number) => ({
    settings: { claude: { home: "/c", personalSessions, personalMaxSize } },
  });
  expect(decide(aCandidate(personal), claude("all", 3_000_000))).toBe("personal-below-limit");
  expect(decide(aCandidate(personal), claude("all", 2_999_999))).toBe(digested);
  expect(decide(aCandidate(personal), claude("cut", 2_999_999))).toBe("cut-refused");
  const cuttable = aCandidate({ ...personal, cut: aCut(100) });
  expect(decide(cuttable, { ...claude("cut", 2_999_999), policy: emptying })).toBe(cutOff);
});

test("without a registry lock, what needs an edit is spared unless the gateway is proven down", () => {
  for (const era of ["F3a", "F3b", "unknown"] as const) {
    expect(decide(aCandidate(), { era, gateway: "up", policy: emptying })).toBe("gateway-up");
    expect(decide(aCandidate(), { era, gateway: "unknown", policy: emptying })).toBe("gateway-up");
    expect(decide(aCandidate(), { era, gateway: "down", policy: emptying })).toBe(emptied);
  }
  expect(decide(aCandidate(), { era: "F2", gateway: "up", policy: emptying })).toBe(emptied);
  expect(decide(aCandidate(), { era: "F3b", gateway: "up" })).toBe(digested);
  const unbound = { transcript: aTranscript({ entries: [] }) };
  expect(decide(aCandidate(unbound), { era: "F3b", gateway: "up", policy: emptying })).toBe(
    "archive-transcript append-note empty-transcript",
  );
});

test("where SQLite holds the sessions, OpenClaw's files are spared and Claude Code's need no edit", () => {
  expect(decide(aCandidate(inOpenClaw), { era: "S" })).toBe("sqlite-era");
  expect(decide(aCandidate(), { era: "S", policy: emptying })).toBe("archive-transcript append-note empty-transcript");
});

test("when the clock can't be trusted, what depends on an age waits, and what the log condemns does not", () => {
  const policy = { brake: "the clock was set" };
  expect(decide(aCandidate(), { policy })).toBe("clock-stepped");
  expect(decide(aCandidate({ isCondemned: true }), { policy })).toBe(digested);
});

test("no note is planned where none is wanted", () => {
  const without = { settings: { memoryNote: null } };
  expect(decide(aCandidate(), without)).toBe("archive-transcript digest-transcript");
  const emptiedWithout = decide(aCandidate(), { ...without, policy: emptying });
  expect(emptiedWithout).toBe("archive-transcript edit-registry empty-transcript");
});
