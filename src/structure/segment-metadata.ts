/** What a compaction leaves of a row that is no part of the conversation, in Claude Code's own reckoning (read in 2.1.329). */
export type Fate = "conversation" | "dropped" | "last" | "snapshot" | "kept";

const FATES: Record<string, Fate> = {
  user: "conversation",
  assistant: "conversation",
  system: "conversation",
  attachment: "conversation",
  progress: "conversation",
  "file-history-snapshot": "snapshot",
  "file-history-delta": "snapshot",
  "last-prompt": "dropped",
  "continued-in": "dropped",
  "resume-head-vouch": "dropped",
  "api-request-shape": "dropped",
  "api-request-blob": "dropped",
  "api-request": "dropped",
  "api-request-resumed": "dropped",
  "marble-origami-commit": "dropped",
  "marble-origami-snapshot": "dropped",
  // ours, of an earlier cut: each cut writes its own
  "segment-header": "dropped",
  ...Object.fromEntries(
    [
      "summary",
      "custom-title",
      "ai-title",
      "tag",
      "agent-name",
      "agent-color",
      "agent-setting",
      "mode",
      "permission-mode",
      "worktree-state",
      "pr-link",
      "relocated",
      "attribution-snapshot",
      "queue-operation",
      "derived-from",
      "ended-by-model",
      "bridge-session",
      "history-suppression",
      "isolation-latch",
      "session-owner",
      "dev-mods",
      "atis-latch",
      "tools-used",
      "cost-state",
      "observer-ref",
      "repl-mode",
    ].map((type) => [type, "last"] as const),
  ),
};

/** Types that nobody here knows are kept: a newer release may need all of them. */
export function fateOf(type: unknown): Fate {
  return typeof type === "string" && Object.hasOwn(FATES, type) ? (FATES[type] as Fate) : "kept";
}
