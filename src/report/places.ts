import { quoted } from "./screen.ts";

/** The options of a command line that say where things are; relative paths as they were given. */
type Places = {
  config?: string | undefined;
  installation?: string[] | undefined;
  openclawHome?: string | undefined;
  claudeHome?: string | undefined;
  gatewayLog?: string[] | undefined;
  archiveDir?: string | undefined;
  stateDir?: string | undefined;
};

/** The options that lead a further command to the same homes, each with a blank before it, as words of a shell. */
export function placesIn(places: Places): string {
  return placeWords(places)
    .map((one) => ` ${shellWord(one)}`)
    .join("");
}

/** The same, a word each. */
export function placeWords(places: Places): string[] {
  const { config, installation = [], openclawHome, claudeHome, gatewayLog = [], archiveDir, stateDir } = places;
  const given: [string, string | undefined][] = [
    ["--config", config],
    ...installation.map((name): [string, string] => ["--installation", name]),
    ["--openclaw-home", openclawHome],
    ["--claude-home", claudeHome],
    ...gatewayLog.map((log): [string, string] => ["--gateway-log", log]),
    ["--archive-dir", archiveDir],
    ["--state-dir", stateDir],
  ];
  return given.flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

/** A value as one word of a shell, in quotes only where it needs them. */
export function shellWord(value: string): string {
  return /^[\w./@:-]+$/.test(value) ? value : quoted(value);
}
