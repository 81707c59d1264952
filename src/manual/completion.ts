import type { OptionSpec } from "../commands/command.ts";
import { globalOptions } from "../commands/global-options.ts";
import { commands } from "../commands/index.ts";
import { explainable } from "../report/explain.ts";
import { completionForBash } from "./completion-bash.ts";
import { completionForFish } from "./completion-fish.ts";
import { completionForZsh } from "./completion-zsh.ts";
import { flagOf, placesOf } from "./places.ts";

const shells = { bash: completionForBash, zsh: completionForZsh, fish: completionForFish };

export type Shell = keyof typeof shells;

/** A script by which a shell completes what is typed behind `session-keeper`, made of what the help is made of. */
export function completionFor(shell: Shell): string {
  const everywhere = globalOptions.filter(({ isHidden }: OptionSpec) => !isHidden).map(flagOf);
  return shells[shell](placesOf(commands), everywhere, explainable);
}
