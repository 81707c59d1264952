import { isSameFile, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import { unmapPath } from "../installation/paths.ts";
import { findMembers } from "../json/json-text.ts";
import { editEntries, type RegistryEdit } from "../registry/edit.ts";
import { withPaths } from "../registry/move-paths.ts";
import { placesIn } from "../registry/places.ts";
import type { Registry } from "../registry/read.ts";
import { changeOf, comesIn, goesOut } from "./entry-change.ts";
import { type EditStep, undoesOf } from "./entry-undo.ts";
import { pathAfterMove } from "./place-files.ts";
import { backUpRegistry } from "./registry-backup.ts";
import type { Tools } from "./tools.ts";
import type { UndoData } from "./undo-data.ts";
import { draftOf, draftOfNew, putRegistry } from "./write-registry.ts";

/** A registry's new text, written beside it. `backup`: a copy of the old one. */
export type PreparedEdit = {
  undoes: ReadonlyMap<string, UndoData>;
  backup?: string;
  /** Gives it the registry's name. False, with nothing changed, when somebody wrote the registry since it was read. */
  put: () => boolean;
  /** Takes away what was written beside, unless it was put in place. */
  discard: () => void;
};

/**
 * Makes the new text of a registry, and writes it beside, with a copy of the old where one is to stay.
 *
 * @param others the registries that entries move in from
 */
export function prepareEdit(
  registry: Registry,
  steps: readonly EditStep[],
  others: readonly Registry[],
  tools: Tools,
): PreparedEdit {
  const { path, problem } = registry;
  const isNew = problem === "missing" && steps.every(({ change }) => change === "move-in");
  if (problem && !isNew) {
    throw new KeeperError(
      "failed",
      `the registry ${path} is ${problem}`,
      "it was not changed, and the sessions were left as they are; session-keeper validate-registry --repair restores it",
    );
  }
  const wanted = new Map(steps.map((step) => [step.entry.entry.key, step]));
  const texts = (of: (change: EditStep["change"]) => boolean) =>
    new Map(
      steps
        .filter(({ change }) => of(change))
        .map((step) => [step.entry.entry.key, textFor(step, registry, others, tools)]),
    );
  const coming = texts(comesIn);
  const edit = isNew
    ? newRegistry(coming)
    : editEntries(registry.text, (entry, key) => changeOf(wanted.get(key), entry), {
        add: coming,
        replace: texts((change) => change === "replace-entry"),
        remove: new Set(steps.flatMap(({ change, entry }) => (goesOut(change) ? [entry.entry.key] : []))),
        places: placesIn(registry),
      });
  const undoes = undoesOf(registry, edit, wanted);
  if (!edit.changed) return { undoes, put: () => true, discard: () => undefined };
  const draft = isNew ? draftOfNew(tools.disk, path, edit.text) : draftOf(tools.disk, registry, edit.text);
  const backup = draft && !isNew && backsUp(tools) ? backUpOr(draft.discard, registry, tools) : undefined;
  const written = draft && lookAt(draft.path)?.fingerprint;
  let isKept = false;
  return {
    undoes,
    ...(backup ? { backup } : {}),
    put() {
      isKept = draft === undefined || putRegistry(tools.disk, registry, draft);
      return isKept;
    },
    discard() {
      // what failed after the change of names has changed it all the same
      isKept ||= written !== undefined && isSameFile(written, lookAt(path)?.fingerprint);
      draft?.discard();
      if (!isKept && backup && lookAt(backup)) tools.disk.remove(backup);
    },
  };
}

/** What only makes the gateway forget a session is undone from the journal; a repair leaves a copy for a person, too. */
export function backsUp({ command }: Tools): boolean {
  return command === "validate-registry";
}

function backUpOr(undo: () => void, registry: Registry, tools: Tools): string {
  try {
    return backUpRegistry(registry.path, registry.text, tools);
  } catch (error) {
    undo();
    throw error;
  }
}

function textFor(step: EditStep, registry: Registry, others: readonly Registry[], tools: Tools): string {
  if (step.change !== "move-in") return layOut(step.edit?.text ?? "{}", registry.text);
  const { from } = step.edit ?? {};
  const source = others.find(({ path }) => path === from?.registryPath);
  const place = source && placesIn(source).find(({ name }) => name === from?.entry.key);
  if (!place) throw new KeeperError("changed", "the entry is gone that was to be moved", "nothing of it was changed");
  const { paths } = tools.installation.settings;
  return withPaths(source.text.slice(place.valueAt, place.valueEnd), (named) => {
    const moved = pathAfterMove(named, step.edit);
    return moved === undefined ? undefined : unmapPath(moved, paths);
  });
}

/** As the gateway lays out an entry, where the registry is laid out like that. */
function layOut(json: string, registryText: string): string {
  if (!/^\s*\{\r?\n {2}"/.test(registryText)) return json;
  return JSON.stringify(JSON.parse(json), null, 2).replaceAll("\n", "\n  ");
}

/** As the gateway lays out a registry. */
function newRegistry(entries: ReadonlyMap<string, string>): RegistryEdit {
  const members = [...entries].map(([key, text]) => `\n  ${JSON.stringify(key)}: ${text}`);
  const text = `{${members.join(",")}\n}`;
  return { text, splices: [], changed: true, places: findMembers(text).members };
}
