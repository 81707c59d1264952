import { basename } from "node:path";
import type { Installation } from "../installation/installation.ts";

/** Text values without escapes: ids and paths have none. */
const TEXT_VALUE = /"([^"\\]+)"/g;

/**
 * Every id, path and file name that the registries mention anywhere: session ids, transcripts, checkpoints, prompts, members
 * of a session's family. What is mentioned is not free to be taken for forgotten, whatever the field is called.
 */
export function mentionedIn({ registries }: Pick<Installation, "registries">): ReadonlySet<string> {
  const mentioned = new Set<string>();
  for (const { registry } of registries) {
    for (const [, value = ""] of registry.text.matchAll(TEXT_VALUE)) {
      mentioned.add(value.includes("/") ? basename(value) : value);
    }
  }
  return mentioned;
}
