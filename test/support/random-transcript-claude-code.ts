import type { Random } from "./random.ts";
import type { Conversation, TranscriptRow } from "./random-transcript.ts";

type Call = { id: string; name: string; row: string };
/** A turn as far as it is written: all its rows on the main line, and whether each hangs on the one before. */
type Turn = { rows: string[]; isLinear: boolean };

/** Rows as releases from 1.0.x to 2026 write them, in one file. */
export function claudeCodeConversation(random: Random): Conversation {
  const { chance, integer, pick, letters, uuid } = random;
  const sessionId = uuid();
  const cwd = "/home/bot/workspace";
  const common = { userType: "external", cwd, sessionId, version: pick(["2.0.76", "2.1.50", "2.1.112", "2.1.329"]) };
  const rows: TranscriptRow[] = [];
  const prompts = new Set<string>();
  let atMs = Date.UTC(2026, 1, 1, 8);
  let tip: string | null = null;
  let turns: Turn[] = [];
  /** places where another branch may begin: `turns`: how many turns stand before it; `rows`: how many rows of the next */
  let forks: { tip: string; turns: number; rows: number }[] = [];

  const tick = () => {
    atMs += integer(200, 9000);
    return new Date(atMs).toISOString();
  };
  const words = (count = integer(1, 12)) =>
    Array.from({ length: count }, () =>
      pick(["gate", 'say "so"', "füllen", "north", "日本", "🦞", "C:\\new", "a\nb", "ok"]),
    ).join(" ");
  const add = (type: string, rest: TranscriptRow, options: { parent?: string | null; id?: string } = {}) => {
    const { parent = tip, id = uuid() } = options;
    const turn = turns.at(-1);
    if (turn && parent !== turn.rows.at(-1) && turn.rows.length > 0) turn.isLinear = false;
    turn?.rows.push(id);
    rows.push({ parentUuid: parent, isSidechain: false, ...common, type, ...rest, uuid: id, timestamp: tick() });
    tip = id;
    return id;
  };
  const user = (content: unknown, rest: TranscriptRow = {}, options = {}) =>
    add("user", { message: { role: "user", content }, ...rest }, options);
  const replyTo = () => {
    const head = { model: "claude-opus-4-6", id: `msg_01${letters(22)}`, type: "message", role: "assistant" };
    const tail = { stop_reason: null, stop_sequence: null, usage: { input_tokens: integer(1, 9), output_tokens: 7 } };
    const requestId = `req_011${letters(21)}`;
    return (...content: object[]) => add("assistant", { message: { ...head, content, ...tail }, requestId });
  };
  const metadata = () => {
    const of = (type: string, rest: object) => rows.push({ type, ...rest, sessionId });
    const snapshot = { messageId: tip ?? uuid(), trackedFileBackups: {}, timestamp: tick() };
    pick([
      () => of("custom-title", { customTitle: words(2) }),
      () => of("ai-title", { aiTitle: words(2) }),
      () => of("mode", { mode: "default" }),
      () => of("queue-operation", { operation: "enqueue", timestamp: tick(), content: words(3) }),
      () => of("content-replacement", { replacements: [] }),
      () => of("a-type-of-next-month", { leaf: tip, nested: { deep: [1, [2, { uuid: "x" }]] } }),
      () =>
        rows.push({ type: "file-history-snapshot", messageId: snapshot.messageId, snapshot, isSnapshotUpdate: false }),
      () => rows.push({ type: "summary", summary: words(3), leafUuid: tip ?? uuid() }),
      () => {
        // It chooses where a resume starts, so no branch may begin before it from now on.
        if (tip) of("last-prompt", { lastPrompt: words(2), leafUuid: tip });
        forks = [];
      },
    ])();
  };
  const sidechain = () => {
    const main = { tip, turns, forks };
    const agentId = random.hex(8);
    const first = rows.length;
    [tip, turns] = [null, []];
    user(words());
    const reply = replyTo();
    const call = { id: `toolu_01${letters(22)}`, name: "Read", row: "" };
    call.row = reply({ type: "tool_use", id: call.id, name: call.name, input: { file_path: `${cwd}/a.md` } });
    result(call, tip);
    replyTo()({ type: "text", text: words() });
    for (const row of rows.slice(first)) Object.assign(row, { isSidechain: true, agentId });
    ({ tip, turns, forks } = main);
  };
  const resultBlock = (call: Call) => ({
    tool_use_id: call.id,
    type: "tool_result",
    content: chance(0.7) ? words() : [{ type: "text", text: words() }],
    ...(chance(0.5) ? { is_error: chance(0.2) } : {}),
  });
  const result = (call: Call, parent: string | null) =>
    user([resultBlock(call)], { toolUseResult: words(), sourceToolAssistantUUID: call.row }, { parent });

  /** A reply with its calls and their results, in one of the forms that have been written. */
  const step = (count: number) => {
    const reply = replyTo();
    const newCall = (): Call => ({ id: `toolu_01${letters(22)}`, name: pick(["Read", "Bash", "Task"]), row: "" });
    const use = ({ id, name }: Call) => ({ type: "tool_use", id, name, input: { text: words() } });
    const calls = Array.from({ length: count }, newCall);
    if (chance(0.2)) {
      const content = [{ type: "text", text: words() }, ...calls.map(use)];
      const row = reply(...(chance(0.7) ? content : content.slice(1)));
      for (const call of calls) call.row = row;
      if (chance(0.5)) user(calls.map(resultBlock), { toolUseResult: words() });
      else for (const call of calls) result(call, tip);
      return;
    }
    if (chance(0.3)) reply({ type: "thinking", thinking: words(), signature: letters(40) });
    if (chance(0.5)) reply({ type: "text", text: words() });
    if (chance(0.15)) {
      const id = `srvtoolu_01${letters(22)}`;
      reply({ type: "server_tool_use", id, name: "web_search", input: { query: words() } });
      reply({
        type: "web_search_tool_result",
        tool_use_id: id,
        content: [{ type: "web_search_result", title: words() }],
      });
    }
    for (const call of calls) call.row = reply(use(call));
    const [only] = calls;
    if (only && calls.length === 1 && chance(0.25)) {
      for (let left = integer(1, 3); left > 0; left--)
        add("progress", { data: { type: "bash_progress", output: words() } });
      result(only, chance(0.5) ? only.row : tip);
      return;
    }
    if (chance(0.15)) sidechain();
    const isChained = chance(0.2);
    const order = chance(0.5) ? calls : calls.toReversed();
    for (const call of order) {
      result(call, isChained ? tip : call.row);
      if (chance(0.05)) metadata();
    }
  };
  const answer = () => {
    for (let left = pick([0, 0, 1, 1, 2, 3]); left > 0; left--) step(pick([1, 1, 1, 2, 2, 3]));
    const reply = replyTo();
    if (chance(0.2)) reply({ type: "thinking", thinking: words(), signature: letters(40) });
    reply({ type: "text", text: words() });
    if (chance(0.2)) add("system", { subtype: "turn_duration", durationMs: integer(100, 9000), isMeta: false });
    forks.push({ tip: tip ?? "", turns: turns.length, rows: 0 });
  };
  const turn = () => {
    turns.push({ rows: [], isLinear: true });
    prompts.add(user(chance(0.5) ? words() : [{ type: "text", text: words() }], { permissionMode: "default" }));
    while (chance(0.2)) add("attachment", { attachment: { type: "date", content: words(2) } });
    if (chance(0.1)) {
      const text = "API Error: 529 Overloaded";
      const message = { id: uuid(), model: "<synthetic>", role: "assistant", content: [{ type: "text", text }] };
      add("assistant", { message, isApiErrorMessage: true });
      user("Try again.", { isMeta: true });
    }
    forks.push({ tip: tip ?? "", turns: turns.length - 1, rows: turns.at(-1)?.rows.length ?? 0 });
    answer();
    while (chance(0.25)) metadata();
    if (chance(0.07)) sidechain();
  };
  /** Back to an earlier place: what came after it is left behind. */
  const fork = () => {
    const at = integer(Math.max(0, forks.length - 5), forks.length - 1);
    const place = forks[at];
    if (!place) return;
    forks = forks.slice(0, at + 1);
    const [left] = turns.splice(place.turns);
    tip = place.tip;
    if (place.rows === 0 || !left) turn();
    else {
      turns.push({ rows: left.rows.slice(0, place.rows), isLinear: left.isLinear });
      answer();
    }
  };
  const compact = () => {
    const summary = uuid();
    const kept = turns.slice(-integer(1, 2)).filter(({ rows: uuids }) => uuids.length > 0);
    const uuids = kept.flatMap((one) => one.rows);
    const isLinear = kept.every((one) => one.isLinear);
    const segment = { preservedSegment: { headUuid: uuids[0], anchorUuid: summary, tailUuid: uuids.at(-1) } };
    const list = { preservedMessages: { anchorUuid: summary, uuids, allUuids: uuids } };
    const form =
      uuids.length === 0 || chance(0.4) ? {} : pick(isLinear ? [segment, list, { ...segment, ...list }] : [list]);
    const compactMetadata = { trigger: pick(["auto", "manual"]), preTokens: integer(150_000, 165_000), ...form };
    const boundary = { subtype: "compact_boundary", content: "Conversation compacted", isMeta: false, level: "info" };
    [turns, forks] = [[], []];
    add("system", { ...boundary, logicalParentUuid: tip, compactMetadata }, { parent: null });
    const content = `This session is being continued from a previous conversation. ${words()}`;
    user(content, { isVisibleInTranscriptOnly: true, isCompactSummary: true }, { id: summary });
    while (chance(0.3)) metadata();
  };

  const target = integer(20, 200);
  const boundaries = pick([0, 1, 1, 2, 3]);
  while (chance(0.4)) metadata();
  for (let done = 0; rows.length < target; ) {
    turn();
    if (forks.length > 0 && chance(0.12)) fork();
    if (done < boundaries && rows.length / target >= (done + 1) / (boundaries + 2)) {
      compact();
      done++;
    }
  }
  while (chance(0.5)) metadata();
  if (chance(0.2)) sidechain();
  return { sessionId, rows, prompts };
}
