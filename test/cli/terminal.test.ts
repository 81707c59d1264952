import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addClaudeSession, boundEntry, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { hasTerminal, onTerminal, screenOf } from "../support/terminal.ts";

let home: Home;

/** A home in which each command finds something, with paths that no screen has room for. */
beforeEach(() => {
  home = makeHome();
  const bound = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
  addClaudeSession(home, { sessionId: bound[0] ?? "", bytes: 2_100_000 });
  addClaudeSession(home, { sessionId: bound[1] ?? "", orphans: ["toolu_lost"] });
  addClaudeSession(home, { project: "-home-somebody-a-project", bytes: 2_100_000 });
  writeRegistry(home, {
    "agent:main:telegram:group:-1001": boundEntry(bound[0] ?? ""),
    "agent:main:telegram:direct:4915550001": boundEntry(bound[1] ?? ""),
  });
});
afterEach(() => home.remove());

describe.skipIf(!hasTerminal)("on a terminal", () => {
  test.for([80, 40])(
    "of %i columns lines are broken between words, and a path or a command stays in one piece",
    async (columns) => {
      const looks = [["rotate", "-n"], ["detect-corruption"], ["validate-registry"], ["clean-locks", "-n"]];
      for (const look of looks) {
        const { text } = await onTerminal([...look, ...home.args], { columns });
        const long = screenOf(text).filter((line) => line.length > columns);
        expect(long.filter((line) => !isOnePiece(line))).toEqual([]);
        const { installations } = await keeperJson([...look, ...home.args]);
        const paths = installations.flatMap(({ findings }) =>
          findings.flatMap(({ severity, path }) => (severity === "info" || !path ? [] : path)),
        );
        for (const path of paths) expect(screenOf(text).filter((line) => line.trim() === path)).not.toEqual([]);
      }
    },
  );

  test.for([80, 40])("of %i columns status and setup check fit, too", async (columns) => {
    const looks = [["status"], ["setup", "check"], ["archive", "-n"]];
    const told = await Promise.all(looks.map((look) => onTerminal([...look, ...home.args], { columns })));
    for (const lines of told.map(({ text }) => screenOf(text))) {
      expect(lines.length).toBeGreaterThan(4);
      expect(lines.filter((line) => line.length > columns && !isOnePiece(line))).toEqual([]);
    }
  });

  test("the list of archives is a table where there is room, and else goes session by session", async () => {
    await keeper(["rotate", ...home.args]);
    const { archives = [] } = (await keeperJson(["restore", "list", ...home.args])).installations[0] ?? {};
    expect(archives.length).toBeGreaterThan(1);
    const list = (columns: number) => onTerminal(["restore", "list", ...home.args], { columns });
    const [wide, narrow] = (await Promise.all([list(500), list(80)])).map(({ text }) => screenOf(text));
    for (const { sessionId, path } of archives) {
      expect(wide?.filter((line) => line.includes(sessionId) && line.endsWith(path))).toHaveLength(1);
      expect(narrow).toContain(`  ${sessionId}`);
      expect(narrow).toContain(`    ${path}`);
    }
  });

  test("one line at the end says where to read on, and only there", async () => {
    const look = ["detect-corruption", ...home.args];
    const more = "session-keeper explain orphaned-result tells more";
    expect(screenOf((await onTerminal(look)).text).filter((line) => line === more)).toHaveLength(1);
    expect((await keeper(look)).stdout).not.toContain("session-keeper explain");
    expect((await onTerminal([...look, "--quiet"])).text).not.toContain("session-keeper explain");
  });

  test("it is coloured, but not with NO_COLOR and not on a dumb terminal", async () => {
    const look = (env: Record<string, string>) => onTerminal(["detect-corruption", ...home.args], { env });
    const texts = await Promise.all([look({}), look({ NO_COLOR: "1" }), look({ TERM: "dumb" })]);
    expect(texts.map(({ text }) => text.includes("\u001b"))).toEqual([true, false, false]);
  });

  test("help and mistakes fit into it", async () => {
    const typed = [
      ["rotate", "--help"],
      ["rotate", "--max-size", "3"],
      ["explain", "torn-tail"],
    ];
    const told = await Promise.all(typed.map((args) => onTerminal(args, { columns: 40 })));
    for (const lines of told.map(({ text }) => screenOf(text))) {
      expect(lines.length).toBeGreaterThan(3);
      expect(lines.filter((line) => line.length > 40 && !isOnePiece(line))).toEqual([]);
    }
  });
});

describe("where the locale has no UTF-8", () => {
  const unknownId = `ü${"x".repeat(80)}`;

  test("there is nothing but ASCII on a terminal", { skip: !hasTerminal }, async () => {
    const { text } = await onTerminal(["rotate", "--max-size", unknownId], { env: { LANG: "", LC_ALL: "C" } });
    expect(text).toMatch(/got\s+"\\u\{fc\}x+\.\.\."/);
    expect(Buffer.from(text).every((byte) => byte < 0x80)).toBe(true);
    const utf8 = await onTerminal(["rotate", "--max-size", unknownId]);
    expect(utf8.text).toContain("…");
  });

  test("elsewhere names stay as they are, and our own signs are spelt", async () => {
    const { stderr } = await keeper(["rotate", "--max-size", unknownId], { LC_ALL: "POSIX" });
    expect(stderr).toMatch(/got "üx+\.\.\."/);
  });
});

/** A path, a command, or a key of a configuration, and nothing else but what belongs to it. */
function isOnePiece(line: string): boolean {
  return /^ *(?:['"]?\/\S+|session-keeper .*|zcat .*|[a-z]+(?:\.[a-zA-Z]+)+:)$/.test(line);
}
