import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findGatewayCommand } from "../../src/installation/gateway-command.ts";
import type { OpenClawHome } from "../../src/installation/installation.ts";

const LISTENING = `require("node:net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port); })`;

let folder: string;
let end: (() => Promise<unknown>) | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-command-"));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "openclaw", version: "2026.6.11", bin: { openclaw: "openclaw.mjs" } }),
  );
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "openclaw"), "");
});
afterEach(async () => {
  await end?.();
  end = undefined;
  rmSync(folder, { recursive: true });
});

/** A process that waits for connections; and a home that it may be the gateway of. */
async function listen(options: { uid?: number; env?: NodeJS.ProcessEnv } = {}) {
  const child = spawn(process.execPath, ["-e", LISTENING], { cwd: "/", ...options });
  end = () => {
    child.kill();
    return once(child, "close");
  };
  const [printed] = await once(child.stdout, "data");
  const home: OpenClawHome = {
    home: "/home/ada/.openclaw",
    config: { path: "/home/ada/.openclaw/openclaw.json", agents: [], port: Number(String(printed)) },
    era: { era: "F3b", version: "2026.6.11", because: "" },
  };
  return { home, gateway: { state: "up" as const, pid: child.pid ?? 0, because: "" } };
}

const environment = () => ({
  PATH: join(folder, "bin"),
  OPENCLAW_GATEWAY_URL: "ws://elsewhere",
  OPENCLAW_GATEWAY_TOKEN: "made-up",
});

test("it is the package on the PATH, run by the gateway's own Node, and led to this very gateway", async () => {
  const { home, gateway } = await listen();
  const found = findGatewayCommand(home, gateway, environment());
  expect(found).toMatchObject({
    argv: [process.execPath, join(folder, "openclaw.mjs")],
    env: {
      OPENCLAW_STATE_DIR: home.home,
      OPENCLAW_CONFIG_PATH: home.config.path,
      OPENCLAW_GATEWAY_PORT: String(home.config.port),
      OPENCLAW_GATEWAY_TOKEN: "made-up",
    },
  });
  expect("env" in found && found.env).not.toHaveProperty("OPENCLAW_GATEWAY_URL");
});

test("there is none where it would not reach that gateway, or be of another era", async () => {
  const { home, gateway } = await listen();
  const { config, era } = home;
  expect(findGatewayCommand(home, { ...gateway, state: "unknown" }, environment())).toEqual({ refused: "not-seen" });
  const remote = { ...home, config: { ...config, gatewayMode: "remote" } };
  expect(findGatewayCommand(remote, gateway, environment())).toEqual({ refused: "remote" });
  const elsewhere = { ...home, config: { ...config, port: 1 } };
  expect(findGatewayCommand(elsewhere, gateway, environment())).toEqual({ refused: "port" });
  const older = { ...home, era: { ...era, era: "F3a" as const } };
  expect(findGatewayCommand(older, gateway, environment())).toEqual({ refused: "package" });
  expect(findGatewayCommand(home, gateway, {})).toEqual({ refused: "package" });
});

test.skipIf(process.geteuid?.() !== 0)("a process of another user is not trusted to name what is run", async () => {
  const { home, gateway } = await listen({ uid: 65_534, env: { PATH: join(folder, "bin") } });
  expect(findGatewayCommand(home, gateway, environment())).toEqual({ refused: "another-user" });
});
