import { seededRandom } from "./random.ts";
import type { RandomTranscript } from "./random-transcript.ts";
import { claudeCodeFaults } from "./random-transcript-faults-claude-code.ts";
import { commonFaults, moveHeader, tornTail } from "./random-transcript-faults-of-both.ts";
import { openClawFaults } from "./random-transcript-faults-openclaw.ts";
import type { Entry, FaultKind, Site } from "./random-transcript-site.ts";

export type DamagedTranscript = {
  bytes: Buffer;
  /** all of severity error; in the order of lines, then of kinds */
  findings: { kind: string; line: number; ids: string[] }[];
  /** the exact bytes that a repair must leave */
  repaired: Buffer;
  /** lines that must survive as they are */
  untouched: string[];
  /** lines that must survive with a change: another parent, or without the block that is broken */
  changed: { before: string; after: string }[];
  /** what was done, in words */
  faults: string[];
};

const faultKinds: Record<RandomTranscript["dialect"], readonly FaultKind[]> = {
  "claude-code": [...commonFaults, ...claudeCodeFaults],
  openclaw: [...commonFaults, ...openClawFaults],
};

/**
 * Damages a healthy transcript in the turns after its last compaction, each fault at least a whole turn away from the next,
 * so that none is the cause of another. The same seed gives the same damage.
 *
 * @param count how many faults; there are fewer when the transcript has no room for them
 */
export function injectFaults(transcript: RandomTranscript, count: number, seed: number): DamagedTranscript {
  const random = seededRandom(seed);
  const { rows, lines, turns } = transcript;
  const originals = rows.map(
    (row, index): Entry => ({ row, damaged: lines[index], repaired: lines[index], findings: [] }),
  );
  const entries = [...originals];
  const faults: string[] = [];
  const shuffled = <T>(items: readonly T[]) =>
    items
      .map((item) => ({ item, at: random.fraction() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item);
  const entriesOf = (turn: number) => (turns[turn] ?? []).flatMap((index) => originals[index] ?? []);

  const endsTorn = count > 1 && transcript.endsInNewline && random.chance(0.15);
  if (faults.length < count && random.chance(0.15) && moveHeader(entries)) faults.push("missing-header");
  const taken: number[] = [];
  for (const turn of shuffled(turns.slice(0, -1).map((_, index) => index))) {
    if (faults.length >= count - (endsTorn ? 1 : 0)) break;
    const [next] = entriesOf(turn + 1);
    if (!next || taken.some((other) => Math.abs(other - turn) < 2)) continue;
    const site: Site = { transcript, entries, path: entriesOf(turn), next };
    const kind = shuffled(faultKinds[transcript.dialect]).find(({ inject }) => inject(site, random));
    if (!kind) continue;
    taken.push(turn);
    faults.push(`${kind.name} in line ${(turns[turn]?.[0] ?? 0) + 1} or after`);
  }
  let tail = transcript.endsInNewline ? "\n" : "";
  if (endsTorn) {
    entries.push({
      damaged: tornTail(transcript, random),
      repaired: undefined,
      findings: [{ kind: "torn-tail", ids: [] }],
    });
    faults.push("torn-tail");
    tail = random.pick(["", "\n"]);
  }
  return { ...write(entries, tail, transcript.endsInNewline), faults };
}

function write(entries: readonly Entry[], tail: string, endsInNewline: boolean): Omit<DamagedTranscript, "faults"> {
  const findings: DamagedTranscript["findings"] = [];
  const written = entries.filter(({ damaged }) => damaged !== undefined);
  let text = "";
  let line = 1;
  for (const [index, entry] of written.entries()) {
    for (const finding of entry.findings) findings.push({ kind: finding.kind, line, ids: finding.ids });
    text += entry.damaged;
    if (entry.isGlued || index === written.length - 1) continue;
    text += "\n";
    line++;
  }
  const kept = entries.flatMap(({ repaired }) => repaired ?? []);
  return {
    bytes: Buffer.from(text + tail),
    findings: findings.toSorted((a, b) => a.line - b.line || a.kind.localeCompare(b.kind)),
    repaired: Buffer.from(kept.join("\n") + (endsInNewline ? "\n" : "")),
    untouched: entries.flatMap(({ damaged, repaired }) => (damaged === repaired ? (damaged ?? []) : [])),
    changed: entries.flatMap(({ damaged, repaired }) =>
      damaged !== undefined && repaired !== undefined && damaged !== repaired
        ? [{ before: damaged, after: repaired }]
        : [],
    ),
  };
}
