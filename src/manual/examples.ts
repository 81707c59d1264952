/** An example of the help in its two parts: what is typed, and what it is for. Two blanks or more stand between them. */
export function partsOf(example: string): { command: string; text: string } {
  const [, command = example, text = ""] = /^(.*?) {2,}(.*)$/.exec(example) ?? [];
  return { command, text };
}
