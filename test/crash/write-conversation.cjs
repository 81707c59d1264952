// A writer that adds rows of a conversation to a transcript of Claude Code until a stop file appears, and then prints how
// many: each opens the file, appends and closes, at full speed with a millisecond between bursts. Now and then a compaction.
// Arguments: file, stop file.
const fs = require("node:fs");
const [path, stop] = process.argv.slice(2);

const sleeper = new Int32Array(new SharedArrayBuffer(4));
let number = 0;
let bursts = 0;
let parentUuid = null;
function write(row) {
  const uuid = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  fs.appendFileSync(path, `${JSON.stringify({ parentUuid, isSidechain: false, ...row, uuid, number })}\n`);
  parentUuid = uuid;
  number += 1;
}
const text = (role, content) => ({ type: role, message: { role, content: [{ type: "text", text: content }] } });

process.stdout.write("started\n");
const deadline = Date.now() + 170_000; // in case nobody is left to say stop
while (!fs.existsSync(stop) && Date.now() < deadline) {
  for (let burst = 0; burst < 12; burst += 1) {
    write(text("user", "x".repeat(200)));
    write(text("assistant", "y".repeat(200)));
  }
  bursts += 1;
  if (bursts % 3 === 0) {
    parentUuid = null;
    write({ type: "system", subtype: "compact_boundary", compactMetadata: { trigger: "auto", preTokens: 1 } });
    write({ ...text("user", "So far."), isCompactSummary: true });
    write(text("assistant", "Go on."));
    write(text("user", "z"));
  }
  Atomics.wait(sleeper, 0, 0, 1);
}
process.stdout.write(`${number}\n`);
