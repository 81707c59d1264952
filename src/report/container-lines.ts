import type { InstallationReport } from "./document.ts";

/** Says what paths inside a container were found to be here, and what showed it; nothing where none were needed. */
export function containerLines({ containerPaths }: InstallationReport): string[] {
  if (!containerPaths) return [];
  const shownBy =
    containerPaths.from === "mounts"
      ? `by the mounts of process ${containerPaths.pid}`
      : "because the registries name transcripts there that lie here";
  return [
    `  paths inside its container, found ${shownBy}:`,
    ...Object.entries(containerPaths.paths).map(([inside, here]) => `    ${inside} is ${here}`),
  ];
}
