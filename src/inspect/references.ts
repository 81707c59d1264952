import { basename } from "node:path";
import type { Installation } from "../installation/installation.ts";

const TEXT_VALUE = /"((?:[^"\\]|\\.)*)"/g;

/**
 * Every id, path and file name that the registries mention anywhere: session ids, transcripts, checkpoints, prompts, members
 * of a session's family. What is mentioned is not free to be taken for forgotten, whatever the field is called.
 */
export function mentionedIn(registries: Installation["registries"]): ReadonlySet<string> {
  const mentioned = new Set<string>();
  for (const { registry } of registries) {
    for (const [json, raw = ""] of registry.text.matchAll(TEXT_VALUE)) {
      if (raw.length > LONGEST_NAME) continue;
      const value = raw.includes("\\") ? decoded(json) : raw;
      mentioned.add(value.includes("/") ? basename(value) : value);
    }
  }
  return mentioned;
}

/** Prompts and the like name nothing. */
const LONGEST_NAME = 4096;

/** A registry that is broken may hold anything. */
function decoded(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return "";
  }
}
