import { asRows, asText } from "../dialects/dialect.ts";
import { type Kept, REQUESTS_KEPT, type Request } from "./kept.ts";
import { readDigest } from "./read-digest.ts";
import { followTodos } from "./todo-list.ts";

/** Gathers what is kept in words. An earlier digest is taken apart, and what it held is held on as if it had just been said. */
export function gatherWords() {
  let summary: string | undefined;
  let files: readonly string[] = [];
  let requests: Request[] = [];
  let todos = followTodos();
  return {
    todos: () => todos,
    summary(text: string | undefined) {
      const earlier = text === undefined ? undefined : readDigest(text);
      if (!earlier) {
        summary = text ?? summary;
        return;
      }
      ({ summary, files } = earlier);
      requests = [...earlier.requests];
      todos = followTodos(earlier.todos);
    },
    request(text: string, at: unknown) {
      const time = asText(at);
      requests = [...requests, { ...(time === undefined ? {} : { at: time }), text }].slice(-REQUESTS_KEPT);
    },
    kept: (): Kept => ({ ...(summary === undefined ? {} : { summary }), todos: todos.open(), files, requests }),
  };
}

/** The texts of a message, whether it holds one or blocks. */
export function textsOf(content: unknown): string[] {
  if (typeof content === "string") return [content];
  return asRows(content).flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : []));
}
