import { FAMILIES, type Told } from "./families.ts";

/** The metrics as Prometheus reads them from a text file. What there are no values of yet is left out. */
export function renderTextfile(told: Told): string {
  return FAMILIES.flatMap(({ name, type, help, samples }) => {
    const lines = samples(told).map(({ labels, value }) => `${name}${labelled(labels)} ${value}`);
    if (lines.length === 0) return [];
    return [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...lines.sort()];
  })
    .map((line) => `${line}\n`)
    .join("");
}

function labelled(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(value: string): string {
  return escapeHelp(value).replaceAll('"', '\\"');
}
