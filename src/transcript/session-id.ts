/**
 * The session's id in an OpenClaw transcript's name (without `.jsonl`): a topic's file, and one that a fork made, carry it within
 * theirs. Pure.
 */
export function sessionIdIn(name: string): string {
  return name.replace(/-topic-.+$/, "").replace(/^\d{4}-\d{2}-\d{2}T[\d.-]+Z_/, "");
}
