import type { AgentRegistry } from "../installation/installation.ts";
import type { NestedMember } from "../json/json-text.ts";
import { REBUILT_FIELDS } from "../registry/places.ts";
import type { Finding } from "./finding.ts";

/** A registry below this size is read in no time. */
const SMALL_CHARACTERS = 1_000_000;
const MOST_NAMED = 5;

/** Adds up what of a registry is copies that need not be there. */
export function sizesOf(): {
  add: (place: NestedMember) => void;
  tell: (registry: AgentRegistry, characters: number) => Finding | undefined;
} {
  const fields = new Map<string, number>();
  const entries: { key: string; bytes: number }[] = [];
  return {
    add({ name: key, fields: members = [] }) {
      let bytes = 0;
      for (const { name: field, nameAt, valueEnd } of members) {
        if (!REBUILT_FIELDS.includes(field)) continue;
        const size = valueEnd - nameAt;
        fields.set(field, (fields.get(field) ?? 0) + size);
        bytes += size;
      }
      if (bytes > 0) entries.push({ key, bytes });
    },
    tell({ path, agent }, characters) {
      const saving = [...fields.values()].reduce((sum, bytes) => sum + bytes, 0);
      if (characters < SMALL_CHARACTERS || saving < characters / 4) return undefined;
      const largest = entries.toSorted((a, b) => b.bytes - a.bytes).slice(0, MOST_NAMED);
      const evidence = {
        bytes: characters,
        savingBytes: saving,
        fields: Object.fromEntries(fields),
        entries: entries.length,
        largest,
      };
      return { kind: "bloated-registry", severity: "info", path, agent, evidence };
    },
  };
}
