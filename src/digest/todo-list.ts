import { asRow, asRows, asText, type Row } from "../dialects/dialect.ts";
import type { Todo } from "./kept.ts";

/**
 * Follows the list of a conversation's todos through the calls that change it. Two kinds of tools do that: one writes the
 * whole list anew each time, the other makes and changes single entries, whose number the result of the call tells.
 */
export function followTodos(carried: readonly Todo[] = []) {
  let todos: Todo[] = [...carried];
  /** of calls that make an entry, by the id of the call, until the result is seen */
  const awaited = new Map<string, string>();

  return {
    /** A call with its input. Calls of other tools change nothing. */
    call(id: unknown, name: unknown, input: Row) {
      if (name === "TodoWrite") todos = asRows(input.todos).flatMap(({ content, status }) => entry(content, status));
      if (name === "update_plan") todos = asRows(input.plan).flatMap(({ step, status }) => entry(step, status));
      const subject = asText(input.subject);
      if (name === "TaskCreate" && subject) awaited.set(String(id), subject);
      if (name === "TaskUpdate")
        todos = todos.flatMap((todo) => (todo.id === asText(input.taskId) ? updated(todo) : [todo]));

      function updated(todo: Todo): Todo[] {
        const status = asText(input.status) ?? todo.status;
        return status === "deleted" ? [] : [{ ...todo, status, text: subject ?? todo.text }];
      }
    },
    isAwaiting: () => awaited.size > 0,
    /** The results of calls in a row of the user's. */
    results(row: Row) {
      for (const { tool_use_id: callId, content, is_error: isError } of asRows(asRow(row.message).content)) {
        const text = awaited.get(String(callId));
        if (text === undefined) continue;
        awaited.delete(String(callId));
        const said = typeof content === "string" ? content : (asText(asRows(content)[0]?.text) ?? "");
        const id = asText(asRow(asRow(row.toolUseResult).task).id) ?? /^Task #(\S+) created/.exec(said)?.[1];
        if (isError === true || id === undefined) continue;
        todos = [...todos.filter((todo) => todo.id !== undefined && todo.id !== id), { id, status: "pending", text }];
      }
    },
    open: (): Todo[] => todos.filter(({ status }) => status !== "completed"),
  };
}

function entry(text: unknown, status: unknown): Todo[] {
  return typeof text === "string" && text.trim() !== "" ? [{ status: asText(status) ?? "pending", text }] : [];
}
