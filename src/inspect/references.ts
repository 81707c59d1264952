import type { Installation } from "../installation/installation.ts";
import { namesIn } from "../registry/names.ts";
import type { Registry } from "../registry/read.ts";

/**
 * Every id, path and file name that the registries mention anywhere: session ids, transcripts, checkpoints, prompts, members
 * of a session's family. What is mentioned is not free to be taken for forgotten, whatever the field is called.
 */
export function mentionedIn(registries: Installation["registries"]): ReadonlySet<string> {
  const mentioned = new Set<string>();
  for (const { registry } of registries) for (const name of namesOf(registry)) mentioned.add(name);
  return mentioned;
}

const known = new WeakMap<Registry, ReadonlySet<string>>();

function namesOf(registry: Registry): ReadonlySet<string> {
  const names = known.get(registry) ?? new Set(namesIn(registry.text));
  known.set(registry, names);
  return names;
}
