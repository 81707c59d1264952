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
    require("../dist/main.js");
  } catch (error) {
    if (error?.code !== "MODULE_NOT_FOUND") throw error;
    process.stderr.write("session-keeper is not built yet. Nothing was done. Run: npm ci && npm run build\n");
    process.exitCode = 2;
  }
}
