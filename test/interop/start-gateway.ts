import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { InstalledOpenClaw } from "./packages.ts";
import { openClawEnv, type State } from "./state.ts";

const START_MS = 240_000;

/** Starts the package's own gateway on a state, with its channels off, and waits until it is ready. */
export async function startGateway(openclaw: InstalledOpenClaw, state: State) {
  const port = await freePort();
  const config = join(state.openclaw, "openclaw.json");
  const settings = JSON.parse(readFileSync(config, "utf8"));
  settings.gateway.port = port;
  writeFileSync(config, JSON.stringify(settings, null, 2));
  const args = [openclaw.program, "gateway", "run", "--port", String(port)];
  const child = spawn(openclaw.node, args, { env: openClawEnv(state), cwd: state.root });
  const closed = once(child, "close");
  let said = "";
  const ready = new Promise<void>((resolve, reject) => {
    const listen = (data: Buffer) => {
      said += data;
      if (/\bready\b|listening/i.test(said)) resolve();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.on("close", () => reject(new Error(`the gateway ended: ${said.slice(-500)}`)));
    setTimeout(() => reject(new Error(`the gateway is not ready: ${said.slice(-500)}`)), START_MS).unref();
  });
  await ready;
  return {
    async end() {
      child.kill();
      await closed;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
