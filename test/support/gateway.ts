import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "./home.ts";

/**
 * A stand-in for a gateway and its command line. `gateway run` listens, as the real one does; `gateway call` does to the registry
 * what the real one does, and notes that it was asked. GATEWAY_ANSWER in the home makes it refuse, or lie.
 */
const PROGRAM = `
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
const home = process.env.OPENCLAW_STATE_DIR;
const [, , command, verb, method, ...rest] = process.argv;
if (verb === "run") {
  createServer().listen(Number(method), "127.0.0.1", () => process.stdout.write("ready\\n"));
} else {
  const params = JSON.parse(rest[rest.indexOf("--params") + 1]);
  appendFileSync(join(home, "asked.jsonl"), JSON.stringify({ command, verb, method, params, port: process.env.OPENCLAW_GATEWAY_PORT }) + "\\n");
  const mode = existsSync(join(home, "answer")) ? readFileSync(join(home, "answer"), "utf8") : "";
  const say = (answer) => { console.log(JSON.stringify(answer, null, 2)); process.exit(answer.ok ? 0 : 1); };
  if (mode === "pairing") say({ ok: false, error: { type: "gateway_transport_error", message: "gateway closed (1008): pairing required: device is asking for more scopes than currently approved" } });
  if (mode === "lie") say({ ok: true });
  if (mode === "refuse") say({ ok: false, error: { code: "INVALID_REQUEST", message: "no" } });
  const agent = /^agent:([^:]+):/.exec(params.key)[1];
  const path = join(home, "agents", agent, "sessions", "sessions.json");
  const store = JSON.parse(readFileSync(path, "utf8"));
  const entry = store[params.key];
  const file = join(dirname(path), entry.sessionId + ".jsonl");
  const reset = method === "sessions.reset";
  if (existsSync(file) && (reset || params.deleteTranscript))
    renameSync(file, file + (reset ? ".reset." : ".deleted.") + new Date().toISOString().replaceAll(":", "-"));
  if (reset) store[params.key] = { sessionId: randomUUID(), updatedAt: Date.now(), systemSent: false, lastTo: entry.lastTo };
  else delete store[params.key];
  writeFileSync(path, JSON.stringify(store, null, 2));
  say({ ok: true, key: params.key });
}
`;

/** Lays the package down in a home's root. Returns a folder for PATH with its command in it. */
export function layPackage(home: Home, version: string): string {
  const folder = join(home.root, `package-${version}`, "node_modules", "openclaw");
  const bin = join(home.root, `package-${version}`, "bin");
  for (const one of [folder, bin]) mkdirSync(one, { recursive: true });
  const description = { name: "openclaw", version, bin: { openclaw: "openclaw.mjs" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(description));
  writeFileSync(join(folder, "openclaw.mjs"), PROGRAM);
  symlinkSync(join(folder, "openclaw.mjs"), join(bin, "openclaw"));
  return bin;
}

/** Starts a gateway of that package. Its port has to be in the home's configuration. */
export async function startGateway(home: Home, bin: string, port: number) {
  const env = { ...process.env, OPENCLAW_STATE_DIR: home.openclaw };
  const script = join(bin, "..", "node_modules", "openclaw", "openclaw.mjs");
  const child = spawn(process.execPath, [script, "gateway", "run", String(port)], { env });
  await once(child.stdout, "data");
  return {
    async end() {
      child.kill();
      await once(child, "close");
    },
  };
}

/** What gateways of the home were asked for. */
export function askedOf({ openclaw }: Home): { method: string; params: { key: string } }[] {
  try {
    const lines = readFileSync(join(openclaw, "asked.jsonl"), "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}
