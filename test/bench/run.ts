import { cpus } from "node:os";
import { archiveBenchmark } from "./archive.bench.ts";
import type { BenchRow } from "./compare.ts";
import { idleBenchmark } from "./idle.bench.ts";
import { logBenchmark } from "./log.bench.ts";
import { registryBenchmark } from "./registry.bench.ts";
import { structureBenchmark } from "./structure.bench.ts";

/** `npm run bench`: each claim about speed, side by side with its peer in this very run. Exits 1 when a goal is missed. */
async function main(): Promise<void> {
  const rows = [
    ...(await idleBenchmark()),
    ...(await archiveBenchmark()),
    ...(await structureBenchmark()),
    ...(await logBenchmark()),
    ...(await registryBenchmark()),
  ];
  console.log(`${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}\n`);
  console.log("| what | peer | ours | peer's | ratio | goal | |\n| --- | --- | ---: | ---: | ---: | --- | --- |");
  for (const row of rows) console.log(tableRow(row));
  if (rows.some(({ ok }) => ok === false)) process.exitCode = 1;
}

function tableRow({ what, peer, ours, peers, ratio, goal, ok, note, unit }: BenchRow): string {
  if (ok === null) return `| ${what} | ${peer} | | | | ${goal} | skipped: ${note ?? ""} |`;
  const show = (value: number) =>
    unit === "bytes"
      ? value < 1e6
        ? `${(value / 1e3).toFixed(1)} KB`
        : `${(value / 1e6).toFixed(1)} MB`
      : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  return `| ${what} | ${peer} | ${show(ours)} | ${show(peers)} | ${ratio.toFixed(ratio < 10 ? 2 : 0)} | ${goal} | ${ok ? "met" : "MISSED"} |`;
}

await main();
