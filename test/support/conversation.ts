import type { Random, TextSource } from "./random.ts";

/** One call of a tool and its result, before a dialect gives it its names. */
export type ToolCall = {
  id: string;
  kind: "read" | "shell" | "edit" | "write" | "patch" | "notebook" | "image";
  path: string;
  /** the command, or the new content of the file */
  text: string;
  /** what came back; for an image its base64 */
  output: string;
};

type Step = { thinking?: string; signature?: string; text?: string; calls: ToolCall[] };

/** What a person asked and all that followed. */
export type Turn = { prompt: string; steps: Step[] };

const changing: readonly ToolCall["kind"][] = ["edit", "write", "patch", "notebook"];

export const changesFile = (call: ToolCall) => changing.includes(call.kind);

/** @param room bytes that are left: everything shrinks with it, so that small transcripts hold several turns */
export function inventTurn(random: Random, source: TextSource, cwd: string, room: number): Turn {
  const size = (min: number, max: number) => Math.min(random.size(min, max), Math.max(min, Math.floor(room / 24)));
  const call = (): ToolCall => {
    const kind = random.chance(imageShare) ? "image" : random.pick(kinds);
    const name = source.plain(random.integer(3, 12)).replaceAll(" ", "-");
    const path = `${cwd}/${random.pick(["src", "test", "docs", "memory"])}/${name}.${kind === "notebook" ? "ipynb" : random.pick(["ts", "md", "json"])}`;
    const id = `toolu_01${random.letters(22)}`;
    if (kind === "image") {
      const output = source.base64(random.chance(0.05) ? size(400_000, 5_000_000) : size(8_000, 500_000));
      return { id, kind, path: path.replace(/\.\w+$/, ".png"), text: "", output };
    }
    const text = kind === "shell" ? `grep -rn "${source.plain(8)}" ${path}` : source.code(size(40, 6_000));
    if (changing.includes(kind)) return { id, kind, path, text, output: `The file ${path} has been updated.` };
    return { id, kind, path, text, output: source.code(size(60, 80_000)) };
  };
  const step = (): Step => ({
    ...(random.chance(0.4) && { thinking: source.code(size(100, 3_000)), signature: source.base64(size(200, 12_000)) }),
    ...(random.chance(0.5) && { text: source.prose(size(40, 1_500)) }),
    // parallel calls now and then
    calls: Array.from({ length: random.chance(0.15) ? random.integer(2, 3) : 1 }, call),
  });
  return {
    prompt: source.prose(size(20, 800)),
    steps: [
      ...Array.from({ length: Math.min(random.integer(1, 9), Math.ceil(room / 10_000)) }, step),
      { text: source.prose(size(60, 2_500)), calls: [] },
    ],
  };
}

/** Makes images about 30 % of the bytes of a large transcript. */
const imageShare = 0.036;

/** As often as they stand here. */
const kinds: ToolCall["kind"][] = [
  ...Array.from({ length: 12 }, () => "read" as const),
  ...Array.from({ length: 12 }, () => "shell" as const),
  ...Array.from({ length: 5 }, () => "edit" as const),
  ...Array.from({ length: 3 }, () => "write" as const),
  "patch",
  "notebook",
];
