/** An error that a person can act on: what happened (message), what was not changed and what to do next (hint). */
export class KeeperError extends Error {
  readonly hint: string;
  readonly code: string;

  /** @param code a stable word for scripts, such as `usage`, `config`, `locked` or `failed` */
  constructor(code: string, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "KeeperError";
    this.code = code;
    this.hint = hint;
  }
}

/** The `code` of a Node system error (`ENOENT`, `EACCES`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** One sentence for any thrown value. File-system errors keep their code and path; nothing of a file's content. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.message;
  return String(error);
}
