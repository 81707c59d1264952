/** A request of the user. `at`: ISO time. */
export type Request = { at?: string; text: string };
/** `id`: the number by which the tool that keeps the list names it. */
export type Todo = { id?: string; status: string; text: string };

/** What is kept of a conversation in words. An earlier digest can be read back as this. */
export type Kept = {
  /** of the last compaction */
  summary?: string;
  /** still open, in the order of the list */
  todos: readonly Todo[];
  /** that were changed before the last digest; those since then are known from elsewhere */
  files: readonly string[];
  /** the last ones, the oldest first */
  requests: readonly Request[];
};

export const REQUESTS_KEPT = 6;

/** How every digest begins: that is how it is known for one. */
export const OPENING = "This session was shortened by session-keeper.";
export const UNKNOWN_TIME = "At an unknown time:";
export const HEADINGS = {
  summary: "## Summary of the conversation so far",
  writtenSummary: "## Summary of the conversation so far, written for this digest",
  todos: "## Open todos",
  files: "## Files changed",
  requests: "## Last requests of the user, oldest first",
} as const;
