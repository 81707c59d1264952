/** One option, as data: read by the quick reader for usual command lines, and by the full one for help and for errors. */
export type OptionSpec = {
  /** as commander writes it, such as `-c, --config <file>` */
  flags: string;
  text: string;
  choices?: readonly string[];
  /** may be given several times; in words: what holds when it is not given */
  listElse?: string;
  defaultValue?: string;
  isHidden?: boolean;
};

/** Something that a person can type: what it is called, what it is for, which options it has besides the common ones. */
export type Command = {
  name: string;
  summary: string;
  options: readonly OptionSpec[];
  /** it takes files; in words: which */
  files?: string;
  /** it takes one word, called so (in brackets: if it is given); in words: what it is */
  argument?: Argument;
  /** what it can be told to do: the first word behind its name */
  verbs?: readonly Verb[];
  /** example lines for its help */
  examples: readonly string[];
};

/** `choices`: it is one of these. */
type Argument = { name: string; text: string; choices?: readonly string[] };

export type Verb = Pick<Command, "name" | "summary" | "options" | "examples" | "argument">;
