import { describe, expect, test } from "vitest";
import { substituteEnvironment } from "../../src/installation/config-environment.ts";
import { UnknownValue } from "../../src/routing/unknown-value.ts";

/** Spelt in two parts: in a plain text it would read like a mistake. */
const reference = (name: string) => `$${`{${name}}`}`;

describe("one text", () => {
  const put = (text: string) => substituteEnvironment(text, { NAME: "value", _A1: "x", EMPTY: "", lower: "no" });

  test.each([
    [reference("NAME"), "value"],
    [`a${reference("NAME")}b${reference("_A1")}`, "avaluebx"],
    [`$${reference("NAME")}`, reference("NAME")],
    [`$$${reference("NAME")}`, `$${reference("NAME")}`],
    [reference("lower"), reference("lower")],
    [reference("1A"), reference("1A")],
    [`$${"{NAME"}`, `$${"{NAME"}`],
    ["$NAME $ {}", "$NAME $ {}"],
  ])("%s", (text, expected) => {
    expect(put(text)).toBe(expected);
  });

  test("a variable that is missing or empty makes the whole text unknown", () => {
    expect(put(`a${reference("MISSING")}`)).toEqual(new UnknownValue("MISSING"));
    expect(put(`${reference("NAME")}${reference("EMPTY")}`)).toEqual(new UnknownValue("EMPTY"));
    expect(put(`$${reference("MISSING")}`)).toBe(reference("MISSING"));
  });
});

test("values at any depth, names never; a value that was put in is not read again", () => {
  const root = { [reference("A")]: [reference("A"), { b: reference("A") }], c: 7, d: null };
  expect(substituteEnvironment(root, { A: reference("B"), B: "no" })).toEqual({
    [reference("A")]: [reference("B"), { b: reference("B") }],
    ...{ c: 7, d: null },
  });
});

test("what the configuration sets itself counts where the environment has nothing", () => {
  const env = {
    vars: { ONE: "1", TWO: "2", LATE: "vars" },
    LATE: "plain",
    shellEnv: { enabled: true },
    X: reference("ONE"),
  };
  const values = ["ONE", "TWO", "LATE", "X", "shellEnv"].map(reference);
  const { values: read } = substituteEnvironment({ env, values }, { TWO: "theirs", ONE: " " }) as { values: unknown[] };
  expect(read).toEqual(["1", "theirs", "plain", new UnknownValue("X"), reference("shellEnv")]);
});
