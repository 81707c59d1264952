import { expect, test } from "vitest";
import type { ArchiveFacts } from "../../src/inspect/archive.ts";
import type { IdleSession } from "../../src/inspect/idle.ts";
import type { Era } from "../../src/installation/era.ts";
import type { GatewayState } from "../../src/installation/gateway.ts";
import type { EntryReference, Installation, Transcript } from "../../src/installation/installation.ts";
import { planArchive } from "../../src/plan/archive.ts";

const entryOf = (key: string) =>
  ({ agent: "main", registryPath: "/o/sessions.json", entry: { key, bindings: [], pinned: false } }) as EntryReference;
const openclaw = { dialect: "openclaw", path: "/o/agents/main/sessions/s.jsonl", sessionId: "s" } as Transcript;
const claude = { dialect: "claude-code", path: "/c/projects/p/s.jsonl", sessionId: "s" } as Transcript;

type Case = {
  what: string;
  transcript?: Transcript;
  key?: string | null;
  session?: Partial<IdleSession>;
  era?: Era;
  gateway?: GatewayState["state"];
  mode?: string;
  hasBrokenRegistry?: boolean;
  brake?: string;
  is: string;
};

const fresh = "archive edit(fresh-start) remove";
const over = "archive edit(remove-entry) remove";

test.for<Case>([
  { what: "a main session", key: "agent:main:main", is: fresh },
  { what: "a direct one", key: "agent:main:telegram:direct:1", is: fresh },
  { what: "a group", key: "agent:main:telegram:group:-1", is: fresh },
  { what: "a thread", key: "agent:main:slack:channel:c:thread:1", is: fresh },
  { what: "one of an unknown kind", key: "agent:main:whatever", is: fresh },
  { what: "a cron job's own", key: "agent:main:cron:daily", is: fresh },
  { what: "a run of a cron job", key: "agent:main:cron:daily:run:1", is: over },
  { what: "a hook", key: "hook:1", is: over },
  { what: "a subagent", key: "agent:main:subagent:1", is: over },
  { what: "one without an entry", key: null, is: "archive remove" },
  { what: "one that is in use", session: { inUse: "somebody has it" }, is: "waits: somebody has it" },
  { what: "one that is no plain file", session: { unsafe: "a link" }, is: "unsafe" },
  { what: "a pinned one", session: { isPinned: true }, is: "pinned" },
  { what: "one that a registry names", key: null, session: { isReferenced: true }, is: "referenced" },
  { what: "one by a clock that stepped", brake: "stepped", is: "clock-stepped" },
  { what: "one that may be bound", key: null, hasBrokenRegistry: true, is: "broken-registry" },
  { what: "one in a registry that can be read", hasBrokenRegistry: true, is: fresh },
  { what: "one under a lock that holds", era: "F2", gateway: "up", is: fresh },
  { what: "one whose registry has no lock", era: "F3a", gateway: "up", is: "idle-gateway-up" },
  { what: "the same, if nothing is known of the gateway", era: "F3b", gateway: "unknown", is: "idle-gateway-up" },
  {
    what: "the same without an entry, in a release that takes locks",
    key: null,
    era: "F3b",
    gateway: "up",
    is: "idle-gateway-up",
  },
  { what: "the same in one that does not", key: null, era: "F3a", gateway: "up", is: "archive remove" },
  { what: "one whose gateway is down", era: "unknown", gateway: "down", is: fresh },
  { what: "Claude Code's of a bot beside SQLite", transcript: claude, key: null, era: "S", is: "sqlite-era" },
  {
    what: "a person's beside SQLite",
    transcript: claude,
    key: null,
    session: { ownership: "personal" },
    era: "S",
    is: "archive remove",
  },
  { what: "one that the gateway prunes", era: "F2", mode: "enforce", is: "prunes-itself" },
  { what: "one that it only warns of", era: "F2", mode: "warn", is: fresh },
  { what: "a group, which it never prunes", key: "agent:main:x:group:1", era: "F2", mode: "enforce", is: fresh },
])(
  "$what: $is",
  ({
    transcript = openclaw,
    key = "agent:main:main",
    session,
    era = "F1",
    gateway = "down",
    mode,
    hasBrokenRegistry = false,
    brake,
    is,
  }) => {
    const entries = key === null ? [] : [entryOf(key)];
    const idle: IdleSession = {
      transcripts: [{ ...transcript, entries }],
      entries,
      ownership: key === null ? (transcript === claude ? "bot" : "unregistered") : "bot",
      findings: [{ kind: "idle-session", severity: "info", evidence: {} }],
      isPinned: false,
      isReferenced: false,
      ...session,
    };
    const installation = {
      openclaw: {
        home: "/o",
        config: { path: null, agents: [], ...(mode ? { maintenanceMode: mode } : {}) },
        era: { era, because: "" },
      },
      unseenNeighbours: [],
    } as unknown as Installation;
    const facts = {
      idle: [idle],
      sweep: [],
      leftovers: [],
      gateway: { state: gateway, because: "the gateway runs" },
      hasBrokenRegistry,
    } as unknown as ArchiveFacts;
    const { jobs, spared } = planArchive(installation, facts, brake ? { brake } : {});
    const [job] = jobs;
    const steps = job?.steps.map((step) =>
      step.kind === "edit-registry" ? `edit(${step.change})` : step.kind.replace("-transcript", ""),
    );
    expect(job?.wait ? `waits: ${job.wait}` : (steps?.join(" ") ?? spared[0]?.because)).toBe(is);
  },
);
