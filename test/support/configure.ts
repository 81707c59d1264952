import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "./home.ts";

/** A configuration for the home that counts restarts and health checks. It holds commands, so it must be private. */
export function configure(
  of: Home,
  gateway: Record<string, unknown> = {},
  logs = [of.log],
  more: Record<string, unknown> = {},
): { args: string[]; restarts: () => number } {
  const folder = join(of.root, "etc");
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const [counter, health] = [join(of.root, "restarts"), join(of.root, "health")];
  const command = (file: string) => [
    process.execPath,
    "-e",
    `require("fs").appendFileSync(${JSON.stringify(file)}, "x")`,
  ];
  const installation = {
    openclaw: { home: of.openclaw },
    claude: { home: of.claude },
    gateway: { logs, restart: command(counter), health: command(health), ...gateway },
  };
  const file = join(folder, "config.json5");
  writeFileSync(file, JSON.stringify({ installations: { jarvis: installation }, ...more }), { mode: 0o600 });
  const restarts = () => (existsSync(counter) ? readFileSync(counter, "utf8").length : 0);
  return { args: ["--config", file, "--state-dir", of.state], restarts };
}

/** One configuration for several homes, which are called `bot0`, `bot1`, …; their state is in the first one's folder. */
export function configureAll(
  of: readonly Home[],
  logs: (home: Home) => string[] = ({ log }) => [log],
  more: Record<string, unknown> = {},
  gateway: (home: Home, index: number) => Record<string, unknown> = () => ({}),
): string[] {
  const folder = join(of[0]?.root ?? "", "etc");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const installations = Object.fromEntries(
    of.map((home, index) => [
      `bot${index}`,
      {
        openclaw: { home: home.openclaw },
        claude: { home: home.claude },
        gateway: { logs: logs(home), ...gateway(home, index) },
      },
    ]),
  );
  const file = join(folder, "config.json5");
  writeFileSync(file, JSON.stringify({ installations, ...more }), { mode: 0o600 });
  return ["--config", file, "--state-dir", of[0]?.state ?? ""];
}
