import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diagnoseRegistry, type RegistryFault } from "../../src/registry/diagnose.ts";
import { jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const diagnose = (text: string | Buffer, readsJson5 = false) =>
  diagnoseRegistry(typeof text === "string" ? Buffer.from(text) : text, { readsJson5 });
const kinds = (faults: RegistryFault[]) => faults.map(({ kind }) => kind);

const text = JSON.stringify({ "agent:main:a": { sessionId: "a" }, "agent:main:b": { sessionId: "b" } }, null, 2);

describe("diagnoseRegistry", () => {
  it("finds nothing wrong with any registry that is JSON with names that differ", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, fc.boolean(), (object, style, readsJson5) => {
        expect(diagnose(printJson(object, style), readsJson5)).toEqual([]);
      }),
    );
  });

  it("calls every text that was cut off truncated, and counts the entries before", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, fc.nat(), (object, style, cut) => {
        const bytes = Buffer.from(printJson(object, style).trim());
        const at = 1 + (cut % (bytes.length - 1));
        const [fault, ...more] = diagnose(bytes.subarray(0, at)).filter(({ kind }) => kind !== "not-utf8");
        expect(fault).toMatchObject({ kind: "truncated", byteOffset: at });
        expect(more).toEqual([]);
      }),
      { numRuns: 500 },
    );
    expect(diagnose(text.slice(0, -10))).toEqual([
      { kind: "truncated", byteOffset: text.length - 10, line: 6, wholeEntries: 1 },
    ]);
  });

  it("tells the place of what makes it unparsable, and nothing of what stands there", () => {
    const broken = text.replace('"sessionId": "b"', 'secret "b"');
    expect(diagnose(broken)).toEqual([
      { kind: "unparsable", byteOffset: broken.indexOf("secret") + "secret ".length, line: 6, wholeEntries: 1 },
    ]);
    expect(JSON.stringify(diagnose(broken))).not.toContain("secret");
    expect(diagnose(`${text}{}`)).toMatchObject([{ kind: "unparsable", byteOffset: text.length, wholeEntries: 2 }]);
  });

  it("knows what is empty, what is nothing but NULs, and what is no object", () => {
    expect(diagnose("")).toEqual([{ kind: "empty", byteOffset: 0, line: 1, wholeEntries: 0 }]);
    expect(kinds(diagnose(" \n"))).toEqual(["empty"]);
    expect(kinds(diagnose("\0\0"))).toEqual(["nul-padding"]);
    expect(kinds(diagnose(`${text}\0\0`))).toEqual(["nul-padding"]);
    expect(kinds(diagnose(`${text.slice(0, 50)}\0\0`))).toEqual(["truncated", "nul-padding"]);
    for (const other of ["[]", "null", '"x"', " 7"]) expect(kinds(diagnose(other))).toEqual(["not-an-object"]);
    expect(kinds(diagnose("hello"))).toEqual(["unparsable"]);
  });

  it("takes JSON5 and the mark of byte order for faults only where the release does not read them", () => {
    for (const json5 of ["{a:{}}", "{'a':{}}", '{"a":{},}', '// x\n{"a":{}}', '{"a":{"b":+1}}', '{"a":[1,]}']) {
      expect(kinds(diagnose(json5))).toEqual(["json5"]);
      expect(diagnose(json5, true)).toEqual([]);
    }
    expect(diagnose(`\ufeff${text}`)).toEqual([{ kind: "byte-order-mark", byteOffset: 0, line: 1, wholeEntries: 0 }]);
    expect(diagnose(`\ufeff${text}`, true)).toEqual([]);
    expect(kinds(diagnose("{a:{}", true))).toEqual(["truncated"]);
  });

  it("finds a key that stands twice, and an entry with a field that does", () => {
    expect(diagnose('{"a":{},\n"b":{"x":1,"x":2},\n"a":{},\n"c":{"cliSessionIds":{"p":"1","p":"2"}}}')).toEqual([
      { kind: "duplicate-keys", byteOffset: 9, line: 2, wholeEntries: 1, key: "b" },
      { kind: "duplicate-keys", byteOffset: 28, line: 3, wholeEntries: 2, key: "a" },
      { kind: "duplicate-keys", byteOffset: 36, line: 4, wholeEntries: 3, key: "c" },
    ]);
  });

  it("finds bytes that are no UTF-8", () => {
    const bytes = Buffer.from(text);
    const at = text.lastIndexOf("b");
    bytes[at] = 0xff;
    expect(diagnose(bytes)).toEqual([{ kind: "not-utf8", byteOffset: at, line: 6, wholeEntries: 1 }]);
  });
});
