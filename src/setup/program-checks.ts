import type { Check } from "./check.ts";

/** The oldest Node that the program runs on. */
const LEAST = [20, 19] as const;

/** Whether this Node is recent enough. Pure. */
export function checkNode(version: string, path: string): Check {
  return {
    group: "program",
    ...(isRecent(version) ? { kind: "node-recent", severity: "ok" } : { kind: "node-old", severity: "error" }),
    path,
    evidence: { version },
  };
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}
