import { anything, assert, property } from "fast-check";
import JSON5 from "json5";
import { expect, test } from "vitest";
import { findProblems, keyPath } from "../../src/config/problems.ts";

const size = 'expected a size such as "2MB" or "512KiB"';

test.for([
  [{ rotate: { maxSize: "2mbb" } }, `rotate.maxSize: ${size}, got "2mbb"`],
  [{ rotate: { maxSize: 2 } }, `rotate.maxSize: ${size}, got 2`],
  [{ rotate: { maxSize: ["2MB"] } }, `rotate.maxSize: ${size}, got a list`],
  [
    { installations: { jarvis: { gateway: { restartTimeout: "60" } } } },
    'installations.jarvis.gateway.restartTimeout: expected a duration such as "30s", "5m", "6h" or "5d", got "60"',
  ],
  [{ rotate: { keepArchives: 0 } }, "rotate.keepArchives: expected a number of at least 1, got 0"],
  [{ rotate: { keepArchives: 1.5 } }, "rotate.keepArchives: expected a whole number, got 1.5"],
  [{ rotate: { strategy: "cutt" } }, 'rotate.strategy: expected "auto" or "cut" or "digest" or "empty", got "cutt"'],
  [{ rotate: [] }, "rotate: expected an object, got a list"],
  [[], "the file: expected an object, got a list"],
  [null, "the file: expected an object, got null"],
  [{ installations: { a: { openclaw: true } } }, "installations.a.openclaw: expected false or an object, got true"],
  [
    { installations: { a: { claude: { home: "x" } } } },
    'installations.a.claude.home: expected an absolute path, or one that starts with "~/", got "x"',
  ],
  [
    { installations: { a: { openclaw: { home: 3 } } } },
    'installations.a.openclaw.home: expected an absolute path, or one that starts with "~/", got 3',
  ],
  [{ installations: { "a b": { workspace: 1 } } }, /^installations\["a b"\]\.workspace: expected "auto".*, got 1$/],
  [{ installations: { "-a": {} } }, /^installations\.-a: expected a name/],
  [{ installations: { a: { memoryNote: 5 } } }, "installations.a.memoryNote: expected false or a path, got 5"],
  [{ installations: { a: { memoryNote: "x" } } }, /memoryNote: expected a path that starts with .*, got "x"$/],
  [{ installations: { a: { paths: { x: "/y" } } } }, /^installations\.a\.paths\.x: expected an absolute path inside/],
  [{ notify: { on: ["corruption", "size"] } }, /^notify\.on\[1\]: expected "corruption" .*, got "size"$/],
  [{ notify: { command: [] } }, /^notify\.command: expected a program and its arguments, .*, got a list$/],
  [{ registry: { tokens: { dm: ["1k"] } } }, /^registry\.tokens\.dm: expected a pair/],
  [{ registry: { tokens: { dm: ["2k", "1k"] } } }, /^registry\.tokens\.dm: expected the warning first/],
  [{ registry: { tokens: { dm: ["1k", 2] } } }, /^registry\.tokens\.dm\[1\]: expected a token count .*, got 2$/],
  [{ corruption: { ignore: ["("] } }, 'corruption.ignore[0]: expected a valid regular expression, got "("'],
  [
    { corruption: { signatures: [{ name: "a", pattern: "a" }] } },
    /signatures\[0\]\.severity: expected .*, got nothing$/,
  ],
] as const)("%j: one problem, named with its key", ([content, expected]) => {
  const problems = findProblems(content);
  expect(problems).toHaveLength(1);
  if (typeof expected === "string") expect(problems[0]).toBe(expected);
  else expect(problems[0]).toMatch(expected);
});

test.for([
  [{ rotate: { maxsize: "2MB" } }, "rotate.maxsize", "rotate.maxSize"],
  [{ rotat: {} }, "rotat", "rotate"],
  [
    { installations: { j: { gateway: { restartTimout: "1m" } } } },
    "installations.j.gateway.restartTimout",
    "installations.j.gateway.restartTimeout",
  ],
  [
    { installations: { j: { openclaw: { hom: "/x" } } } },
    "installations.j.openclaw.hom",
    "installations.j.openclaw.home",
  ],
  [{ installations: { j: { gateway: { log: [] } } } }, "installations.j.gateway.log", "installations.j.gateway.logs"],
  [
    { corruption: { signatures: [{ name: "a", pattern: "a", severity: "info", sevrity: 1 }] } },
    "corruption.signatures[0].sevrity",
    "corruption.signatures[0].severity",
  ],
  [{ maxSize: "2MB" }, "maxSize", "rotate.maxSize"],
  [{ installations: { j: { restart: ["x"] } } }, "installations.j.restart", "installations.NAME.gateway.restart"],
  [{ loud: 1 }, "loud", "log"],
] as const)("an unknown key is told with the nearest known one: %j", ([content, key, known]) => {
  const problems = findProblems(content);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/: unknown key, expected one of \w+/);
  expect(problems[0]?.startsWith(`${key}: `)).toBe(true);
  expect(problems[0]?.endsWith(`; the nearest known key is ${known}`)).toBe(true);
});

test("several problems are all told", () => {
  const content = {
    rotate: { maxSize: 1, strateg: 2 },
    installations: { a: { openclaw: { home: "x", versio: "y" } } },
  };
  expect(findProblems(content).map((line) => line.split(":")[0])).toEqual([
    "installations.a.openclaw.home",
    "installations.a.openclaw.versio",
    "rotate.maxSize",
    "rotate.strateg",
  ]);
});

test("an address that may carry a token stays out of the message", () => {
  const problems = findProblems({ notify: { webhook: "htps://example.org/secret" }, ping: { url: "secret" } });
  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toContain("secret");
});

test("of a value that is no scalar nothing is shown, and a long one is shortened", () => {
  expect(findProblems({ rotate: { maxSize: { deep: "secret" } } }).join()).not.toContain("secret");
  expect(findProblems({ rotate: { maxSize: "x".repeat(5000) } }).join().length).toBeLessThan(200);
});

test("__proto__ is an unknown key anywhere", () => {
  expect(findProblems(JSON5.parse("{ __proto__: { rotate: {} } }"))).toEqual(["__proto__: unknown key"]);
  expect(findProblems(JSON5.parse('{ installations: { "__proto__": {} } }'))).toEqual([
    "installations.__proto__: unknown key",
  ]);
});

test("whatever a file holds, the answer is a list of lines", () => {
  assert(
    property(anything({ withNullPrototype: true }), (content) => {
      for (const problem of findProblems(content)) expect(problem).toMatch(/^[^\n]+$/);
    }),
  );
});

test("a key's path quotes what is no plain word", () => {
  expect(keyPath(["installations", "my bot", "gateway", "logs", 0])).toBe('installations["my bot"].gateway.logs[0]');
});
