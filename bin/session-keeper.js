#!/usr/bin/env node
// Says what is wrong where Node is too old to read the rest, and starts the program where it is not.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `session-keeper needs Node 20.19 or later; this is ${process.versions.node} at ${process.execPath}. Nothing was done.\n`,
  );
  process.exitCode = 2;
} else {
  try {
    // where all of it is to be one file, the program itself is put here
    if (typeof SINGLE_FILE === "undefined") start(`${require("node:path").dirname(__dirname)}/dist`);
    else require("../src/main.ts");
  } catch (error) {
    if (error?.code !== "ENOENT") throw error;
    process.stderr.write("session-keeper is not built yet. Nothing was done. Run: npm ci && npm run build\n");
    process.exitCode = 2;
  }
}

/** Puts together again what `src/build/bundle.ts` took apart: `start.js` holds the parts of every run, any other is a file of its own. */
function start(dist) {
  const { readFileSync } = require("node:fs");
  const { Script } = require("node:vm");
  const parts = evaluate("start.js");
  const modules = new Map();
  requirePart("./main.js");

  function requirePart(id) {
    if (!id.startsWith("./")) return require(id);
    const name = id.slice(2);
    const known = modules.get(name);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const part = parts[name] ?? evaluate(name);
    part(module.exports, requirePart, module, `${dist}/${name}`, dist);
    return module.exports;
  }

  function evaluate(name) {
    const filename = `${dist}/${name}`;
    return new Script(readFileSync(filename, "latin1"), {
      filename,
      cachedData: compiled(filename),
    }).runInThisContext();
  }

  /**
   * What V8 made of a file when it was built: to compile it anew takes longer than all that an idle run does. It is good for
   * this very release of Node only: V8 itself does not notice what Node changed in it.
   */
  function compiled(filename) {
    try {
      return readFileSync(`${filename}.${process.version}-${process.arch}.compiled`);
    } catch {
      return undefined;
    }
  }
}
