// A writer that appends numbered lines in bursts (open, append, close for each line) and prints in the end how many it wrote.
// After a burst it pauses, at random, for a time that a repair may use. When it sees that the file is about to be replaced, it
// goes on in a moment that suits the repair badly: mostly just before the swap, with the file open beyond it.
// Environment: FILE and STOP_FILE, because a command line that names a session counts as one that uses it.
const fs = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { FILE: path, STOP_FILE: stop } = process.env;

const PAUSE_MS = 1000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms) => Atomics.wait(sleeper, 0, 0, ms);

let written = 0;
function write(delayMs) {
  const descriptor = fs.openSync(path, "a");
  if (delayMs > 0) pause(delayMs);
  fs.writeSync(descriptor, `{"number":${written}}\n`);
  fs.closeSync(descriptor);
  written += 1;
}

function findDraft() {
  const name = fs.readdirSync(dirname(path)).find((name) => name.startsWith(basename(path)) && name.endsWith(".draft"));
  return name && join(dirname(path), name);
}

/** The last that is done to a draft is to set its time back; gone, it has its new name or was thrown away. */
function isComplete(draft) {
  const stats = fs.statSync(draft, { throwIfNoEntry: false });
  return !stats || stats.mtimeMs < stats.ctimeMs - 1;
}

const deadline = Date.now() + 120_000; // in case nobody is left to say stop
while (!fs.existsSync(stop) && Date.now() < deadline) {
  write(Math.random() * 20);
  for (const end = written + 100; written < end; ) write(0);
  process.stdout.write(".");
  let draft;
  for (const end = Date.now() + Math.random() * PAUSE_MS; Date.now() < end && !draft; draft = findDraft()) pause(1);
  if (draft && Math.random() < 0.75) while (!isComplete(draft));
  else pause(Math.random() * 60);
}
process.stdout.write(`\n${written}\n`);
