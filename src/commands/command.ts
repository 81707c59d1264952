import type { Option } from "commander";

/** Something that a person can type: what it is called, what it is for, which options it has besides the common ones. */
export type Command = {
  name: string;
  summary: string;
  options: Option[];
  /** example lines for its help */
  examples: readonly string[];
};

export function defineCommand(command: Command): Command {
  return command;
}
