import { expect, test } from "vitest";
import type { CorruptionFacts, Patient } from "../../src/inspect/corruption.ts";
import type { Finding } from "../../src/inspect/finding.ts";
import type { Era } from "../../src/installation/era.ts";
import type { GatewayState } from "../../src/installation/gateway.ts";
import type { Installation, Transcript } from "../../src/installation/installation.ts";
import { planRepair } from "../../src/plan/repair.ts";

const damage: Finding = { kind: "orphaned-result", severity: "error", evidence: {} };
const claude = {
  dialect: "claude-code",
  path: "/c/projects/p/s.jsonl",
  sessionId: "s",
  entries: [{}],
} as Transcript & {};
const openclaw = { ...claude, dialect: "openclaw", path: "/o/agents/main/sessions/s.jsonl" } as Transcript;
const elsewhere = { ...openclaw, path: "/tmp/s.jsonl" } as Transcript;

type Case = {
  what: string;
  patient?: Partial<Patient>;
  era?: Era;
  gateway?: GatewayState["state"];
  personal?: "ignore" | "cut" | "all";
  areNamed?: boolean;
  hasBrokenRegistry?: boolean;
  is: string;
};

const mended = "archive-transcript repair-transcript";

test.for<Case>([
  { what: "a damaged bot session", is: mended },
  { what: "one that is no plain file", patient: { unsafe: "it is a link" }, is: "unsafe" },
  { what: "one in use", patient: { inUse: "a process has it" }, is: "waits: a process has it" },
  { what: "one written to a moment ago", patient: { quietForMs: 2000 }, is: "waits: it was written to 2 s ago" },
  { what: "a personal one", patient: { ownership: "personal" }, is: "personal-damaged" },
  { what: "a personal one that was named", patient: { ownership: "personal" }, areNamed: true, is: mended },
  { what: "a personal one that may be changed", patient: { ownership: "personal" }, personal: "cut", is: mended },
  {
    what: "one that a registry which cannot be read may bind",
    patient: { transcript: { ...claude, entries: [] } },
    hasBrokenRegistry: true,
    is: "broken-registry",
  },
  {
    what: "one of OpenClaw under a lock that holds",
    patient: { transcript: openclaw },
    era: "F2",
    gateway: "up",
    is: mended,
  },
  { what: "one of a later one, too", patient: { transcript: openclaw }, era: "F3a", gateway: "up", is: mended },
  {
    what: "one of a release that would take the lock",
    patient: { transcript: openclaw },
    era: "F3b",
    gateway: "up",
    is: "gateway-up",
  },
  {
    what: "one of a release that nothing tells",
    patient: { transcript: openclaw },
    era: "unknown",
    gateway: "unknown",
    is: "gateway-up",
  },
  {
    what: "one whose gateway is down",
    patient: { transcript: openclaw },
    era: "F3b",
    gateway: "down",
    is: mended,
  },
  { what: "one beside SQLite", patient: { transcript: openclaw }, era: "S", gateway: "down", is: "sqlite-era" },
  { what: "one that lies outside the home", patient: { transcript: elsewhere }, era: "S", areNamed: true, is: mended },
])(
  "$what: $is",
  ({ patient, era = "F1", gateway = "down", personal = "ignore", areNamed = false, hasBrokenRegistry = false, is }) => {
    const installation = {
      settings: { claude: { personalSessions: personal } },
      openclaw: { home: "/o", era: { era } },
    } as unknown as Installation;
    const one = { transcript: claude, ownership: "bot", mendable: [damage], quietForMs: 60_000, ...patient } as Patient;
    const facts = {
      patients: [one],
      gateway: { state: gateway, because: "" },
      hasBrokenRegistry,
    } as unknown as CorruptionFacts;
    const { jobs, spared } = planRepair(installation, facts, { quietForMs: 30_000, areNamed });
    const [job] = jobs;
    const decided = job?.wait ? `waits: ${job.wait}` : job?.steps.map(({ kind }) => kind).join(" ");
    expect(decided ?? spared[0]?.because).toBe(is);
  },
);
