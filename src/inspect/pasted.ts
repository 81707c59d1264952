import type { Settings } from "../config/settings.ts";
import { dialects } from "../dialects/index.ts";
import { type PastedError, readPastedError } from "../gateway-log/pasted-error.ts";
import { customSignature } from "../gateway-log/signatures.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter, readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { transcriptsHolding, transcriptsOfId, transcriptsOfKey } from "./attribute.ts";
import { type Finding, identify } from "./finding.ts";

/** What a pasted error is about: the transcripts to look at, and where the ids that it names stand in them. */
export type Pasted = { paths: ReadonlySet<string>; findings: Finding[] };

/** Finds the sessions that a pasted error names, by key, by id, or by the ids of calls; all of them, when it names none. */
export async function findPasted(
  installation: Installation,
  text: string,
  { settings }: { settings: Settings },
): Promise<Pasted> {
  const error = readPastedError(text, settings.corruption.signatures.map(customSignature));
  const named = [
    ...error.sessionKeys.flatMap((key) => transcriptsOfKey(key, installation)),
    ...error.sessionIds.flatMap((id) => transcriptsOfId(id, installation)),
  ];
  const holding = error.toolIds.length > 0 ? await transcriptsHolding(error.toolIds, installation) : [];
  const both = named.filter((transcript) => holding.includes(transcript));
  const wanted = both.length > 0 ? both : holding.length > 0 ? holding : named;
  const isAboutAll = error.toolIds.length + error.sessionIds.length + error.sessionKeys.length === 0;
  const findings: Finding[] = [];
  for (const transcript of new Set(wanted)) findings.push(...(await locate(transcript, error)));
  if (findings.length === 0) findings.push(untold(error));
  // what the error names may be what was lost: then all that was named, or all there is, is looked at
  const looked =
    isAboutAll || wanted.length === 0 || installation.folders.length > 0 ? installation.transcripts : wanted;
  return { paths: new Set(looked.map(({ path }) => path)), findings };
}

/** One finding for each id that the error names, at the line that holds its call or, without one, its result. */
async function locate(transcript: Transcript, error: PastedError): Promise<Finding[]> {
  const places = await linesHolding(transcript, error.toolIds);
  const { signature = null, points, positions } = error;
  const common = { signature, points, positions, witness: "pasted", condemns: false };
  if (places.size === 0) {
    const evidence = { ids: [], ...common };
    return [{ kind: "rejection-logged", severity: "error", ...identify(transcript), evidence }];
  }
  return [...places].map(([id, { calls, results }]): Finding => {
    const line = results[0] ?? calls[0] ?? 1;
    const evidence = { ids: [id], calls, results, ...common };
    return { kind: "rejection-logged", severity: "error", ...identify(transcript), line, evidence };
  });
}

function untold(error: PastedError): Finding {
  const ids = [...error.toolIds, ...error.sessionIds, ...error.sessionKeys];
  const { signature = null, points, positions } = error;
  const evidence = { ids, signature, points, positions, witness: "pasted", condemns: false };
  return { kind: "rejection-logged", severity: signature || ids.length > 0 ? "error" : "info", evidence };
}

type Places = { calls: number[]; results: number[] };

async function linesHolding(
  { path, fingerprint, dialect }: Transcript,
  ids: readonly string[],
): Promise<Map<string, Places>> {
  const places = new Map<string, Places>();
  if (ids.length === 0) return places;
  const file = await openTranscript(path, fingerprint);
  try {
    let line = 0;
    const splitter = createLineSplitter(
      (bytes) => {
        line += 1;
        if (!ids.some((id) => bytes.includes(id))) return;
        const row = parseRow(bytes);
        if (!row) return;
        const { calls, results } = dialects[dialect].shapeOf(row);
        for (const id of ids) {
          const place = places.get(id) ?? { calls: [], results: [] };
          if (calls.some((call) => call.id === id)) place.calls.push(line);
          if (results.some(({ callId }) => callId === id)) place.results.push(line);
          if (place.calls.length + place.results.length > 0) places.set(id, place);
        }
      },
      () => {
        line += 1;
      },
    );
    for await (const piece of readPieces(file, 0, fingerprint.sizeBytes)) splitter.push(piece);
    splitter.end();
  } finally {
    await file.close();
  }
  return places;
}
