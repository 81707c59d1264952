// Takes a lock and lets it go, so many times, as OpenClaw's releases do: created exclusively, the payload written a moment
// later, kept open while it is held, unlinked by its path. Now and then it leaves a dead one, and may steal that itself.
// Usage: node take-and-release.cjs LOCK ROUNDS DEAD_PID MAY_STEAL; prints what happened as JSON.
const fs = require("node:fs");

const [, , lock, rounds, deadPid, maySteal] = process.argv;
const dead = Number(deadPid);
const told = { taken: 0, left: 0, stolen: 0, twoOwners: 0, lost: 0, missed: 0 };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const payload = (pid) => JSON.stringify({ pid, createdAt: new Date().toISOString() }, null, 2);

function create(pid) {
  try {
    const descriptor = fs.openSync(lock, "wx", 0o600);
    fs.writeSync(descriptor, payload(pid));
    return descriptor;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return undefined;
  }
}

async function take() {
  for (;;) {
    const descriptor = create(process.pid);
    if (descriptor !== undefined) return descriptor;
    if (maySteal === "yes" && Math.random() < 0.3) steal();
    else await pause(1);
  }
}

/** As the releases up to 2026.4.29 do with the lock of a process that is gone: by path, whatever is there by then. */
function steal() {
  try {
    if (JSON.parse(fs.readFileSync(lock, "utf8")).pid !== dead) return;
    fs.unlinkSync(lock);
    told.stolen += 1;
  } catch {
    // gone, or being written
  }
}

/** Whether the lock at its place is ours: 1 it is, 0 none is there, -1 it is another's. */
function standing(descriptor) {
  const now = fs.lstatSync(lock, { throwIfNoEntry: false });
  if (!now) return 0;
  return now.ino === fs.fstatSync(descriptor).ino ? 1 : -1;
}

async function main() {
  for (let round = 0; round < Number(rounds); round += 1) {
    const descriptor = await take();
    told.taken += 1;
    try {
      fs.mkdirSync(`${lock}ed`); // what it guards: two owners would meet here
    } catch {
      told.twoOwners += 1;
    }
    for (let look = 0; look < 3; look += 1) {
      await pause(Math.random() < 0.5 ? 0 : 1);
      // a lock that was captured by mistake is away for a moment, and then back
      for (let wait = 0; standing(descriptor) === 0 && wait < 100; wait += 1) await pause(1);
      if (standing(descriptor) !== 1) told.lost += 1;
    }
    fs.rmSync(`${lock}ed`, { recursive: true, force: true });
    fs.closeSync(descriptor);
    try {
      fs.unlinkSync(lock);
    } catch {
      told.missed += 1;
    }
    if (round % 3 !== 0) continue;
    const left = create(dead); // as after a kill
    if (left === undefined) continue;
    told.left += 1;
    fs.closeSync(left);
  }
  process.stdout.write(JSON.stringify(told));
}

void main();
