import { describe, expect, test } from "vitest";
import { composeDigest } from "../../src/digest/compose.ts";
import type { DigestFacts } from "../../src/digest/gather.ts";
import { asTranscript, gatherFrom, options, type RowLike, talk, talkRows } from "../support/digest.ts";

const dialects = ["claude-code", "openclaw"] as const;
const textsOf = ({ requests }: DigestFacts) => requests.map(({ text }) => text);

describe.each(dialects)("%s", (dialect) => {
  test("keeps the last summary, the open todos, the user's own requests and the last finished reply", async () => {
    const facts = await gatherFrom(dialect, talkRows(dialect));
    expect(facts).toMatchObject({
      dialect,
      summary: talk.summary,
      todos: talk.openTodos,
      files: [],
      lastAt: talk.lastAt,
    });
    expect(textsOf(facts)).toEqual(["Plant the orchard.", ...talk.requests]);
    expect(facts.requests.every(({ at }) => at?.startsWith("2026-03-02T09:00:"))).toBe(true);
    expect(facts.lastReply?.text).toBe(talk.lastReply);
  });

  test("the reply is told by its bytes and its place", async () => {
    const transcript = asTranscript(talkRows(dialect));
    const { lastReply } = await gatherFrom(dialect, transcript);
    const { bytes, at } = lastReply ?? { bytes: Buffer.alloc(0), at: -1 };
    expect(transcript.subarray(at, at + bytes.length + 1).toString()).toBe(`${bytes}\n`);
    expect(bytes.toString()).toContain(talk.lastReply);
  });

  test("only the last six requests are kept", async () => {
    const rows = talkRows(dialect);
    const user = rows.find((row) => JSON.stringify(row).includes("Plant the orchard.")) ?? {};
    const more = Array.from({ length: 9 }, (_, index) => replaced(user, "Plant the orchard.", `Request ${index}`));
    expect(textsOf(await gatherFrom(dialect, [...rows, ...more]))).toEqual(
      [3, 4, 5, 6, 7, 8].map((n) => `Request ${n}`),
    );
  });

  test("rows with spaces, CRLF, a mark of the byte order, and a last line that breaks off make no difference", async () => {
    const rows = talkRows(dialect);
    const spaced = rows.map((row) => JSON.stringify(row, null, 1).replace(/\n */g, " "));
    const odd = Buffer.from(`\ufeff${spaced.join("\r\n")}\r\n${spaced.at(-1)?.slice(0, 200)}`);
    const [{ lastReply, keptRows: _, ...plain }, facts] = [
      await gatherFrom(dialect, rows),
      await gatherFrom(dialect, odd),
    ];
    expect(facts).toMatchObject({ ...plain, ...(plain.header ? { header: Buffer.from(spaced[0] ?? "") } : {}) });
    expect(facts.lastReply?.text).toBe(lastReply?.text);
  });

  test("nothing to keep is nothing kept", async () => {
    for (const transcript of ["", "\n\n", "no json\n", "null\n[]\n"]) {
      const facts = await gatherFrom(dialect, Buffer.from(transcript));
      expect(facts).toEqual({ dialect, todos: [], files: [], requests: [], keptRows: [], surroundings: {} });
    }
  });

  test("what an earlier digest held is held on, and what came later is added", async () => {
    const earlier = {
      summary: "Twelve rows.",
      todos: [{ status: "pending", text: "Fell the tree" }],
      files: ["/old.md"],
      requests: [{ at: "2026-03-01T09:00:00.000Z", text: "An older one" }],
    };
    const digest = composeDigest(earlier, { ...options, files: [], limitBytes: 4000 });
    const rows = talkRows(dialect).map((row) => replaced(row, talk.summary, digest));
    const facts = await gatherFrom(dialect, rows);
    expect(facts).toMatchObject({ summary: earlier.summary, files: earlier.files, todos: talk.openTodos });
    expect(textsOf(facts)).toEqual(["An older one", ...talk.requests]);
    const upToDigest = rows.slice(0, rows.findIndex((row) => JSON.stringify(row).includes("An older one")) + 1);
    expect((await gatherFrom(dialect, upToDigest)).todos).toEqual(earlier.todos);
  });

  test("a reply with half of a character is passed over: the short transcript shall have no damage", async () => {
    const rows = talkRows(dialect).map((row) => JSON.stringify(row).replace(talk.lastReply, "half \\ud83e of one"));
    const facts = await gatherFrom(dialect, Buffer.from(`${rows.join("\n")}\n`));
    expect(facts.lastReply?.text).toBe("It is planted.");
  });
});

describe("Claude Code", () => {
  test("what every row is stamped with is taken from the last row of the main line", async () => {
    const last = { ...(talkRows("claude-code").at(-1) as RowLike), cwd: "/home/mira/elsewhere", entrypoint: "sdk-cli" };
    const side = { ...last, isSidechain: true, cwd: "/no" };
    const { surroundings } = await gatherFrom("claude-code", [...talkRows("claude-code"), last, side]);
    const same = { version: "2.1.100", gitBranch: "main", userType: "external" };
    expect(surroundings).toEqual({ cwd: "/home/mira/elsewhere", entrypoint: "sdk-cli", ...same });
  });

  test("the last row of each kind of metadata is kept, as it stands in the file", async () => {
    const { keptRows } = await gatherFrom("claude-code", talkRows("claude-code"));
    expect(keptRows.map(({ bytes }) => bytes.toString())).toEqual([
      JSON.stringify({ type: "mode", mode: "normal", sessionId: talk.sessionId }),
      JSON.stringify({ type: "custom-title", customTitle: "Nine ladders", sessionId: talk.sessionId }),
    ]);
  });

  test("a reply that goes on to call a tool is not the last one, whichever of its rows comes last", async () => {
    const rows = talkRows("claude-code");
    const isCalling = (row: object) => JSON.stringify(row).includes("msg_01Wrote");
    const again = rows
      .filter(isCalling)
      .map((row) => replaced(replaced(row, "msg_01Wrote", "msg_01New"), "TodoWrite", "Bash"));
    const [words = {}, call = {}] = again;
    const lastOf = async (more: object[]) => (await gatherFrom("claude-code", [...rows, ...more])).lastReply?.text;
    expect(await lastOf([words])).toBe("I note that down.");
    for (const calling of [
      [words, call],
      [call, words],
      [words, call, words],
    ])
      expect(await lastOf(calling)).toBe(talk.lastReply);
  });
});

describe("OpenClaw", () => {
  test("the header and the last choices of a model and of how it thinks are kept", async () => {
    const rows = talkRows("openclaw");
    const facts = await gatherFrom("openclaw", rows);
    expect(facts.header?.toString()).toBe(JSON.stringify(rows[0]));
    expect(facts.keptRows.map(({ bytes }) => JSON.parse(bytes.toString()))).toEqual(
      rows.filter((row) => ["off", "claude-example-1"].some((word) => Object.values(row).includes(word))),
    );
  });

  test("rows of the first version have no ids, so none of them can be kept", async () => {
    const rows = (talkRows("openclaw") as RowLike[]).map(({ version: _, id: __, ...row }) => row);
    const facts = await gatherFrom("openclaw", [{ ...rows[0], id: talk.sessionId }, ...rows.slice(1)]);
    expect([facts.header, facts.lastReply]).toEqual([undefined, undefined]);
  });
});

function replaced(row: object, from: string, to: string): object {
  return JSON.parse(
    JSON.stringify(row).replace(JSON.stringify(from).slice(1, -1), () => JSON.stringify(to).slice(1, -1)),
  );
}
