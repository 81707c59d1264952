import { expect, test } from "vitest";
import type { Block, Message } from "./messages-api.ts";
import { rejectionsOf } from "./rejections.ts";

const say = (text: string): Block => ({ type: "text", text });
const call = (id: string): Block => ({ type: "tool_use", id, name: "Bash", input: {} });
const result = (id: string): Block => ({ type: "tool_result", tool_use_id: id, content: "done" });
const search = (id: string): Block => ({ type: "server_tool_use", id, name: "web_search", input: {} });
const found = (id: string): Block => ({ type: "web_search_tool_result", tool_use_id: id, content: [] });
const user = (...content: Block[]): Message => ({ role: "user", content });
const assistant = (...content: Block[]): Message => ({ role: "assistant", content });
const plain: Message = { role: "user", content: "Good morning." };

test.each<[string, Message[], string[]]>([
  ["a conversation without tools", [plain, assistant(say("Good morning."))], []],
  [
    "calls side by side and their results",
    [plain, assistant(call("a"), call("b")), user(result("b"), result("a"))],
    [],
  ],
  [
    "a result and a text of the user in one message",
    [plain, assistant(call("a")), user(result("a"), say("Well?"))],
    [],
  ],
  ["a search of the API itself", [plain, assistant(search("s"), found("s"), say("There."))], []],
  ["a result without its call", [plain, assistant(say("Hm.")), user(result("a"))], ["2: result without call a"]],
  ["a result at the very beginning", [user(result("a"))], ["0: result without call a"]],
  [
    "a result that comes too late",
    [plain, assistant(call("a")), user(say("Well?")), assistant(say("Hm.")), user(result("a"))],
    ["1: call without result a", "4: result without call a"],
  ],
  ["a call without its result", [plain, assistant(call("a"))], ["1: call without result a"]],
  [
    "a call of an earlier id",
    [plain, assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))],
    ["3: call twice a"],
  ],
  ["a result twice", [plain, assistant(call("a")), user(result("a"), result("a"))], ["2: result twice a"]],
  ["a search without what it found", [plain, assistant(search("s"), say("Hm."))], ["1: call without result s"]],
  ["what a search found without the search", [plain, assistant(found("s"))], ["1: result without call s"]],
  [
    "a search whose find stands in the next message",
    [plain, assistant(search("s")), plain, assistant(found("s"))],
    ["1: call without result s", "3: result without call s"],
  ],
  ["a whole character of two units", [{ role: "user", content: "An apple \ud83c\udf4e." }], []],
  ["half of a character", [{ role: "user", content: "An apple \ud83c." }], ["0: half of a character"]],
  [
    "half of a character in the input of a call",
    [plain, assistant({ ...call("a"), input: { command: "\udf4e" } }), user(result("a"))],
    ["1: half of a character"],
  ],
])("%s", (_what, messages, faults) => {
  expect(rejectionsOf(messages)).toEqual(faults);
});
