// Creates sessions as a gateway does, each in one of ten ways, and by the store protocol of its era: F1 and F2 under the lock of
// sessions.json, F3 without. May be killed at a step: it kills itself there, hard. Prints each entry that it brought into the
// store as `key<TAB>session id<TAB>file`, once that is so.
// Arguments: a JSON file with { era, sessions, from, to, texts, dieAt: { "<number>": "<step>" }, slowMs }; `slowMs`: how long a write of
// the store takes, and the pause behind it.
const fs = require("node:fs");
const path = require("node:path");
const { randomUUID } = require("node:crypto");

const { era, sessions, from, to, texts, dieAt, slowMs } = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const store = path.join(sessions, "sessions.json");
const lock = `${store}.lock`;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms) => Atomics.wait(sleeper, 0, 0, ms);

let number = from;
function step(name) {
  if (dieAt[number] === name) process.kill(process.pid, "SIGKILL");
}

function takeLock() {
  if (era === "F3b") return;
  const times = era === "F1" ? { startedAt: Date.now() } : { createdAt: new Date().toISOString() };
  for (let waited = 0; ; waited += 5) {
    try {
      const descriptor = fs.openSync(lock, "wx", 0o600);
      fs.writeSync(descriptor, JSON.stringify({ pid: process.pid, ...times }));
      fs.closeSync(descriptor);
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (isStale()) fs.rmSync(lock, { force: true });
      else if (waited > 10_000) throw new Error("timeout acquiring session store lock");
      else pause(5);
    }
  }
}

/** F1 goes by the lock's age alone, F2 takes that of a dead process at once. */
function isStale() {
  try {
    if (Date.now() - fs.statSync(lock).mtimeMs > 30_000) return true;
    if (era === "F1") return false;
    process.kill(JSON.parse(fs.readFileSync(lock, "utf8")).pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

let saves = 0;
function save(entries) {
  takeLock();
  step("locked");
  let all = {};
  try {
    all = JSON.parse(fs.readFileSync(store, "utf8"));
  } catch {
    // as the gateway: an empty store
  }
  if (slowMs) pause(slowMs);
  Object.assign(all, entries);
  const text = JSON.stringify(all, null, 2);
  const draft = era === "F1" ? `${store}.${process.pid}.${randomUUID()}.tmp` : `${store}.${randomUUID()}.tmp`;
  saves += 1;
  if (era === "F2" && (saves % 25 === 0 || dieAt[number] === "rotated")) {
    fs.renameSync(store, `${store}.bak.${Date.now()}`); // up to 2026.4.23 the live store is renamed away before it is rewritten
    step("rotated");
  }
  fs.writeFileSync(draft, text.slice(0, text.length / 2), { mode: 0o600 });
  step("half written");
  fs.writeFileSync(draft, text, { mode: 0o600 });
  step("written");
  fs.renameSync(draft, store);
  step("renamed");
  if (era !== "F3b") fs.rmSync(lock, { force: true });
  if (slowMs) pause(slowMs);
  for (const [key, { sessionId, sessionFile }] of Object.entries(entries))
    process.stdout.write(`${key}\t${sessionId}\t${sessionFile ?? ""}\n`);
}

const entryOf = (sessionId, sessionFile, more) => ({
  sessionId,
  updatedAt: Date.now(),
  sessionFile,
  systemSent: true,
  ...more,
});

function transcript(id, text, name = `${id}.jsonl`) {
  const file = path.join(sessions, name);
  const timestamp = new Date().toISOString();
  const rows = [
    { type: "session", version: 3, id, timestamp, cwd: "/home/ada/clawd" },
    {
      type: "message",
      id: "u1",
      parentId: null,
      timestamp,
      message: { role: "user", content: [{ type: "text", text }] },
    },
    {
      type: "message",
      id: "a1",
      parentId: "u1",
      timestamp,
      message: { role: "assistant", content: [{ type: "text", text: "made-up" }], provider: "anthropic", model: "m" },
    },
  ];
  fs.writeFileSync(file, `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`, { mode: 0o600 });
  return file;
}

/** A minute later, so that it is no session being born any more. */
function abandon(file) {
  const at = Date.now() / 1000 - 300;
  fs.utimesSync(file, at, at);
}

const ways = [
  /* the entry first */
  (id, key) => {
    save({ [key]: entryOf(id, path.join(sessions, `${id}.jsonl`)) });
    step("between");
    transcript(id, texts.direct);
  },
  /* the transcript first */
  (id, key) => {
    const file = transcript(id, texts.direct);
    step("between");
    save({ [key]: entryOf(id, file) });
  },
  /* a transcript whose entry never came */
  (id) => abandon(transcript(id, texts.direct.replace(/70\d/g, String(70_000 + number)))),
  /* an entry whose transcript never came: the first message is not answered yet */
  (id, key) => save({ [key]: { sessionId: id, updatedAt: Date.now(), systemSent: false } }),
  /* a topic's file */
  (id) => {
    const name = `${id}-topic-${number}.jsonl`;
    const file = transcript(id, texts.topic, name);
    save({ [`agent:main:telegram:group:-1002003004:topic:${number}`]: entryOf(id, file) });
  },
  /* a topic's file whose entry never came */
  (id) => abandon(transcript(id, texts.group, `${id}-topic-${number}.jsonl`)),
  /* a subagent whose entry never came */
  (id) => abandon(transcript(id, texts.subagent)),
  /* a run of a job: two entries for one transcript */
  (id) => {
    const file = transcript(id, texts.cron);
    const job = "agent:main:cron:42fd68a5-8345-4e1d-940f-c029affea412";
    save({ [`${job}:run:${id}`]: entryOf(id, file) });
  },
  /* a run of a job whose entry never came */
  (id) => abandon(transcript(id, texts.cron)),
  /* a reset: another id under the same key; the old transcript is put away, or lies about in the oldest releases */
  (id, key) => {
    const old = randomUUID();
    const file = transcript(old, texts.direct);
    save({ [key]: entryOf(old, file) });
    if (era === "F1") abandon(file);
    else fs.renameSync(file, `${file}.reset.${new Date().toISOString().replaceAll(":", "-")}`);
    step("between");
    save({ [key]: entryOf(id, transcript(id, texts.direct)) });
  },
];

for (; number < to; number += 1)
  ways[number % ways.length](randomUUID(), `agent:main:telegram:direct:${10_000 + number}`);
