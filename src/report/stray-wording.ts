import type { Hindrance } from "../inspect/destinations.ts";
import type { EntryEdit, Spared, Step } from "../plan/plan.ts";

type EditStep = Extract<Step, { kind: "edit-registry" }>;

/** What becomes of the entry of a session that lies with an agent who does not get its messages; undefined for any other. */
export function wordStray(
  { change, entry: { agent }, edit = {} }: EditStep,
  when: "plan" | "done",
): string | undefined {
  const isPlan = when === "plan";
  if (change === "move-in")
    return isPlan ? `move it to agent ${agent}, who gets its messages` : `it lies with agent ${agent} now`;
  if (change === "move-out")
    return isPlan
      ? `take its entry out of the registry of agent ${agent}, once it is in the other one`
      : `its entry with agent ${agent} is gone`;
  if (edit.why === undefined) return undefined;
  return `${isPlan ? `take its entry out of the registry of agent ${agent}` : `its entry with agent ${agent} is gone`}: ${wordRetired(edit)}`;
}

/** Why a session goes into the archive and not to the agent that gets its messages; or why it stays. */
const HINDRANCES = {
  "has-one": (to) => `${to} has a session of its own for them`,
  older: (to) => `a newer session for the same conversation goes to ${to}`,
  "no-transcript": () => "there is no transcript that could go there",
  shared: () => "another entry leads to its transcript, too",
  elsewhere: () => "its transcript does not lie in its agent's own folder",
  "one-store": () => "both agents have one registry",
  "other-workspace": (to) =>
    `it goes on in a session of Claude Code, which belongs to its workspace, and ${to} works in another one`,
  "other-scope": () => "a binding with a dmScope of its own may give it another key there",
  "broken-registry": (to) => `the registry of ${to} is broken, lost, or not to be seen`,
  "taken-name": (to) => `another session's file of its name lies with ${to}`,
  "no-folder": (to) => `what stands in place of the sessions folder of ${to} is no folder`,
  "bound-files": () => "what belongs to it cannot be taken along",
  "to-mend": () => "its entry is mended first; the next run moves it",
} satisfies Record<Hindrance, (to: string) => string>;

function wordRetired({ why, to = "" }: EntryEdit): string {
  const hindrance = why === undefined ? "" : HINDRANCES[why](`agent ${to}`);
  return `its messages go to agent ${to}, and it is not moved there, because ${hindrance}`;
}

/** Why a session stays with an agent who does not get its messages. */
export function wordUnmovable({ hindrance, to = "", detail }: Pick<Spared, "hindrance" | "to" | "detail">): string {
  const because = hindrance === undefined ? "" : HINDRANCES[hindrance](`agent ${to}`);
  return `its messages go to agent ${to}, but it stays where it is: ${because}${detail ? ` (${detail})` : ""}`;
}
