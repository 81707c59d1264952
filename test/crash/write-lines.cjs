// A writer that appends numbered lines until a stop file appears, and then prints how many it wrote: in bursts at full
// speed with a millisecond between, so that there is not more to compare afterwards than the test has time for.
// Arguments: how (append: open, append, close each; held: one descriptor with O_APPEND; offset: one without), file, stop file.
const fs = require("node:fs");
const [how, path, stop] = process.argv.slice(2);

const descriptor = how === "append" ? undefined : fs.openSync(path, how === "held" ? "a" : "r+");
let position = how === "offset" ? fs.statSync(path).size : undefined;
function write(line) {
  if (descriptor === undefined) fs.appendFileSync(path, line);
  else if (position === undefined) fs.writeSync(descriptor, line);
  else position += fs.writeSync(descriptor, line, position);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
let written = 0;
process.stdout.write("started\n");
const deadline = Date.now() + 120_000; // in case nobody is left to say stop
while (!fs.existsSync(stop) && Date.now() < deadline) {
  for (const end = written + (how === "offset" ? 1 : 200); written < end; written += 1)
    write(`{"number":${written}}\n`);
  Atomics.wait(sleeper, 0, 0, 1);
}
process.stdout.write(`${written}\n`);
