// Loaded into the program with --require: counts its changes to the disk and kills it, as `kill -9` would, in place of the
// one whose number KILL_AT_CHANGE says; a write is half done then. Syncs don't count, because a kill does not undo what a
// process has written. Each change is noted in KILL_LOG.
const fs = require("node:fs");
const childProcess = require("node:child_process");
const { syncBuiltinESMExports } = require("node:module");

const killAt = Number(process.env.KILL_AT_CHANGE);
const { openSync, writeSync } = fs;
const { open } = fs.promises;
const { spawn } = childProcess;
const { O_CREAT } = fs.constants;
const log = openSync(process.env.KILL_LOG, "a");
const paths = new Map();
let count = 0;

function isTheLast(what, path) {
  count += 1;
  writeSync(log, `${count} ${what} ${path}\n`);
  return count === killAt;
}

function die() {
  process.kill(process.pid, "SIGKILL");
  for (;;); // the signal is on its way; nothing more may happen
}

const creates = (flags) => (typeof flags === "number" ? (flags & O_CREAT) !== 0 : /[wa]/.test(flags ?? "r"));
const changes = ["renameSync", "linkSync", "unlinkSync", "rmdirSync", "mkdirSync", "ftruncateSync", "lutimesSync"];
const changesOfTheLockLibrary = ["mkdir", "rmdir"];
for (const name of [...changes, ...changesOfTheLockLibrary]) {
  const original = fs[name];
  fs[name] = (...args) => (isTheLast(name, args[0]) ? die() : original(...args));
}
fs.openSync = (path, flags, ...rest) => {
  // opening what is there changes nothing
  if (creates(flags) && !fs.existsSync(path) && isTheLast("openSync", path)) die();
  const descriptor = openSync(path, flags, ...rest);
  paths.set(descriptor, path);
  return descriptor;
};
fs.writeSync = (descriptor, bytes, offset = 0, length = bytes.length - offset, position = null) => {
  if (!isTheLast("writeSync", paths.get(descriptor))) return writeSync(descriptor, bytes, offset, length, position);
  writeSync(descriptor, bytes, offset, Math.floor(length / 2), position);
  return die();
};
fs.promises.open = async (path, flags, ...rest) => {
  if (creates(flags) && isTheLast("open", path)) die();
  const handle = await open(path, flags, ...rest);
  const write = handle.write.bind(handle);
  handle.write = async (bytes, offset, length, position) => {
    if (!isTheLast("write", path)) return await write(bytes, offset, length, position);
    await write(bytes, offset, Math.floor(length / 2), position);
    return die();
  };
  return handle;
};
childProcess.spawn = (...args) => (isTheLast("spawn", args[0]) ? die() : spawn(...args));
syncBuiltinESMExports();
