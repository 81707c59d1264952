import { appendToCatalog } from "../../src/archive/catalog.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { recordOf } from "../support/records.ts";

// A process of its own that adds to a catalog as fast as it can: each archive, then what is known of it later, and every third
// one is let go again. Tells at the end how many there were.

const folder = process.argv[2] ?? "";
const disk = { ...openDisk(), syncFolder: () => undefined };
let isStopped = false;
process.on("message", () => {
  isStopped = true;
});

let count = 0;
function addSome(): void {
  for (let some = 0; some < 5; some += 1) {
    count += 1;
    const record = recordOf({ segment: count });
    appendToCatalog(disk, folder, record);
    appendToCatalog(disk, folder, { ...record, next: "known" });
    if (count % 3 === 0) appendToCatalog(disk, folder, { pruned: record.archive, at: record.at, runId: "run" });
  }
  if (count === 5) process.send?.("begun");
  if (!isStopped) setImmediate(addSome);
  else process.send?.(count, () => process.disconnect());
}
addSome();
