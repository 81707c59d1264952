import { isSameFile, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import { unmapPath } from "../installation/paths.ts";
import { planEdit } from "../registry/edit-file.ts";
import { withPaths } from "../registry/move-paths.ts";
import type { RegistryFile, RegistryFiles } from "../registry/registry-file.ts";
import { changeOf, comesIn, goesOut } from "./entry-change.ts";
import { type EditStep, undoesOf, undoesOfAdded } from "./entry-undo.ts";
import { pathAfterMove } from "./place-files.ts";
import { backUpRegistry } from "./registry-backup.ts";
import type { Tools } from "./tools.ts";
import type { UndoData } from "./undo-data.ts";
import { draftOf, draftOfNew, putRegistry, type RegistryDraft } from "./write-registry.ts";

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
 * @param steps without those that `obstaclesTo` told of
 * @param files of all that the steps are about: entries move from one to another
 */
export function prepareEdit(
  path: string,
  steps: readonly EditStep[],
  files: RegistryFiles,
  tools: Tools,
): PreparedEdit {
  if (steps.length === 0) return { undoes: new Map(), put: () => true, discard: () => undefined };
  const file = files.get(path);
  return file ? prepareFrom(file, steps, files, tools) : prepareNew(path, steps, files, tools);
}

function prepareFrom(file: RegistryFile, steps: readonly EditStep[], files: RegistryFiles, tools: Tools): PreparedEdit {
  const { path, fingerprint, root } = file;
  const wanted = new Map(steps.map((step) => [step.entry.entry.key, step]));
  const lead = file.slice(0, (root.members[0]?.nameAt ?? root.at) + 1);
  const textsOf = (isWanted: (change: EditStep["change"]) => boolean) =>
    new Map(
      steps.flatMap((step) =>
        isWanted(step.change) ? [[step.entry.entry.key, textFor(step, lead, files, tools)]] : [],
      ),
    );
  const edit = planEdit(file, {
    change: (key) => changeOf(wanted.get(key)),
    add: textsOf(comesIn),
    replace: textsOf((change) => change === "replace-entry"),
    remove: new Set(steps.flatMap(({ change, entry }) => (goesOut(change) ? [entry.entry.key] : []))),
  });
  const undoes = undoesOf(file, edit, wanted);
  if (!edit.changed) return { undoes, put: () => true, discard: () => undefined };
  const draft = draftOf(tools.disk, file, edit.pieces());
  let backup: string | undefined;
  try {
    if (draft) edit.check(draft.path);
    if (draft && backsUp(tools)) backup = backUpRegistry(path, file.pieces(0, fingerprint.sizeBytes), tools);
  } catch (error) {
    draft?.discard();
    throw error;
  }
  return { undoes, ...(backup ? { backup } : {}), ...placing({ path, fingerprint }, draft, backup, tools) };
}

/** Of an agent that has none yet, and to which sessions move. */
function prepareNew(path: string, steps: readonly EditStep[], files: RegistryFiles, tools: Tools): PreparedEdit {
  const entries = new Map(steps.map((step) => [step.entry.entry.key, textFor(step, PRETTY, files, tools)]));
  const added = undoesOfAdded(path, entries);
  const undoes = new Map([...added].map(([key, undo]) => [key, { ...undo, isNewRegistry: true } as const]));
  return { undoes, ...placing({ path }, draftOfNew(tools.disk, path, newRegistry(entries)), undefined, tools) };
}

function placing(
  registry: Pick<RegistryFile, "path"> & Partial<Pick<RegistryFile, "fingerprint">>,
  draft: RegistryDraft | undefined,
  backup: string | undefined,
  { disk }: Tools,
): Pick<PreparedEdit, "put" | "discard"> {
  const written = draft && lookAt(draft.path)?.fingerprint;
  let isKept = false;
  return {
    put() {
      isKept = draft === undefined || putRegistry(disk, registry, draft);
      return isKept;
    },
    discard() {
      // what failed after the change of names has changed it all the same
      isKept ||= written !== undefined && isSameFile(written, lookAt(registry.path)?.fingerprint);
      draft?.discard();
      if (!isKept && backup && lookAt(backup)) disk.remove(backup);
    },
  };
}

/** What only makes the gateway forget a session is undone from the journal; a repair leaves a copy for a person, too. */
export function backsUp({ command }: Tools): boolean {
  return command === "validate-registry";
}

/** @param lead how the registry begins that the entry comes into */
function textFor(step: EditStep, lead: string, files: RegistryFiles, tools: Tools): string {
  if (step.change !== "move-in") return layOut(step.edit?.text ?? "{}", lead);
  const { from } = step.edit ?? {};
  const text = from && files.get(from.registryPath)?.textOf(from.entry.key);
  if (text === undefined)
    throw new KeeperError("changed", "the entry is gone that was to be moved", "nothing of it was changed");
  const { paths } = tools.installation.settings;
  return withPaths(text, (named) => {
    const moved = pathAfterMove(named, step.edit);
    return moved === undefined ? undefined : unmapPath(moved, paths);
  });
}

const PRETTY = '{\n  "';

/** As the gateway lays out an entry, where the registry is laid out like that. */
function layOut(json: string, lead: string): string {
  if (!/^\s*\{\r?\n {2}"/.test(lead)) return json;
  return JSON.stringify(JSON.parse(json), null, 2).replaceAll("\n", "\n  ");
}

/** As the gateway lays out a registry. */
function newRegistry(entries: ReadonlyMap<string, string>): string {
  const members = [...entries].map(([key, text]) => `\n  ${JSON.stringify(key)}: ${text}`);
  return `{${members.join(",")}\n}`;
}
