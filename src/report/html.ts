/** HTML that is safe to be put into a page. */
export type Html = { html: string };

/** A piece of a page: what is put in as a text is escaped, what is a piece itself is not. */
export function html(
  pieces: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const parts = pieces.map((piece, index) => piece + (index < values.length ? written(values[index] ?? "") : ""));
  return { html: parts.join("") };
}

function written(value: string | number | Html | readonly Html[]): string {
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number") return String(value);
  return "html" in value ? value.html : value.map((one) => one.html).join("");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
