import type { Command } from "./command.ts";
import { rotate } from "./rotate.ts";

/** Everything that a person can type. */
export const commands: readonly Command[] = [rotate];
