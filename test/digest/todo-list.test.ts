import { expect, test } from "vitest";
import { followTodos } from "../../src/digest/todo-list.ts";

const made = (callId: string, number: string, rest: object = {}) => ({
  message: {
    content: [
      { type: "tool_result", tool_use_id: callId, content: `Task #${number} created successfully: …`, ...rest },
    ],
  },
});

test("a list written anew takes the place of the one before; what is done is not open", () => {
  const list = followTodos([{ status: "pending", text: "carried" }]);
  expect(list.open()).toEqual([{ status: "pending", text: "carried" }]);
  const todos = [
    { content: "one", status: "completed" },
    { content: "two", status: "in_progress", activeForm: "…" },
    { content: "three" },
    { content: 4, status: "pending" },
  ];
  list.call("a", "TodoWrite", { todos });
  const open = [
    { status: "in_progress", text: "two" },
    { status: "pending", text: "three" },
  ];
  expect(list.open()).toEqual(open);
  list.call("b", "Write", { todos: [] });
  expect(list.open()).toEqual(open);
  list.call("c", "update_plan", { plan: [{ step: "four", status: "pending" }] });
  expect(list.open()).toEqual([{ status: "pending", text: "four" }]);
  list.call("d", "TodoWrite", { todos: [] });
  expect(list.open()).toEqual([]);
});

test("entries made one by one have the number that the result tells, and change by it", () => {
  const list = followTodos();
  for (const [id, subject] of Object.entries({ a: "one", b: "two", c: "three", d: "four" }))
    list.call(id, "TaskCreate", { subject, description: "…" });
  expect([list.isAwaiting(), list.open()]).toEqual([true, []]);
  list.results(made("a", "1"));
  list.results(made("b", "2", { content: [{ type: "text", text: "Task #2 created successfully: two" }] }));
  list.results({ ...made("c", "?", { content: "…" }), toolUseResult: { task: { id: "3", subject: "three" } } });
  list.results(made("d", "4", { is_error: true }));
  expect(list.isAwaiting()).toBe(false);
  list.call("e", "TaskUpdate", { taskId: "1", status: "completed" });
  list.call("f", "TaskUpdate", { taskId: "2", status: "in_progress", subject: "two, but better" });
  list.call("g", "TaskUpdate", { taskId: "9", status: "in_progress" });
  expect(list.open()).toEqual([
    { id: "2", status: "in_progress", text: "two, but better" },
    { id: "3", status: "pending", text: "three" },
  ]);
  list.call("h", "TaskUpdate", { taskId: "3", status: "deleted" });
  expect(list.open().map(({ id }) => id)).toEqual(["2"]);
});

test("entries that an earlier digest carried over are still known by their number", () => {
  const list = followTodos([
    { id: "2", status: "pending", text: "two" },
    { id: "3", status: "pending", text: "three" },
  ]);
  list.call("a", "TaskUpdate", { taskId: "2", status: "completed" });
  expect(list.open()).toEqual([{ id: "3", status: "pending", text: "three" }]);
});
