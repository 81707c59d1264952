import { formatDuration, formatSize } from "../config/units.ts";
import type { ProgramCheckKind } from "../setup/check.ts";
import type { CheckWords } from "./check-wording.ts";

/** The checklist's lines on the gateway, OpenClaw and Claude Code. */
export const programWording: Record<ProgramCheckKind, CheckWords> = {
  "gateway-up": ({ because }) => String(because),
  "gateway-not-seen": ({ because }) => String(because),
  "restart-unset": () => [
    "nothing says how to restart the gateway, so after a corruption it goes on with what it remembers",
    "set gateway.restart; session-keeper setup config prints one that fits",
  ],
  "health-unset": () => [
    "nothing says how to ask for the gateway's health after a restart",
    'set gateway.health, such as ["openclaw", "health", "--json"]',
  ],
  "command-found": ({ key }, path) => `${key}: ${path} can be run`,
  "command-not-found": ({ key, program, searchPath }) => [
    `${key}: ${program} is not found in the PATH ${searchPath}`,
    `give its full path in ${key}: cron has a short PATH`,
  ],
  "sudo-allowed": ({ rule }) => `sudo runs this without a password: ${rule}`,
  "sudo-asks": ({ user, rule }) => [
    `sudo asks for a password, which nobody types at night: ${rule}`,
    `as root, visudo -f /etc/sudoers.d/session-keeper: ${user} ALL=(root) NOPASSWD: ${rule}`,
  ],
  "bus-lingers": ({ user }) => `the services of ${user} live without a login`,
  "bus-ends-with-login": ({ user }) => [
    `systemctl --user can be reached now, and no more when ${user} logs out`,
    `as root: loginctl enable-linger ${user}`,
  ],
  "bus-missing": ({ user }) => [
    `systemctl --user cannot be reached: the services of ${user} do not live without a login`,
    `as root: loginctl enable-linger ${user}`,
  ],
  "openclaw-known": ({ era, version, because }, path) =>
    `${path} is of OpenClaw ${version ?? "of unknown version"}, era ${era} (by ${because})`,
  "openclaw-unknown": (_, path) => [
    `nothing tells which OpenClaw wrote ${path}; the strictest rules hold`,
    "set openclaw.version to what the gateway says of itself: openclaw --version",
  ],
  "openclaw-unused": (_, path) => `${path} has no sessions yet, and nothing tells which OpenClaw it is of`,
  "openclaw-sqlite": ({ version }, path) =>
    `${path}${version === null ? "" : ` (OpenClaw ${version})`} keeps its sessions in SQLite: nothing is written there, files of Claude Code are looked after`,
  "openclaw-config-unread": ({ problem }) => [
    `the gateway's configuration could not be read whole: ${problem}`,
    "openclaw doctor says what is wrong with it",
  ],
  "context-large": ({ contextTokens, guide }, path) => [
    contextTokens === null
      ? "a session may fill all of the model's context: contextTokens is not set"
      : `a session may grow to ${count(contextTokens)} tokens before it is compacted`,
    `in ${path}, set agents.defaults.contextTokens: ${guide}`,
  ],
  "pruning-off": ({ mode, guide }, path) => [
    `old results of tools stay in the context (contextPruning is ${mode ?? "not set"})`,
    `in ${path}, set agents.defaults.contextPruning: { mode: "cache-ttl", keepLastAssistants: ${guide} }`,
  ],
  "reserve-small": ({ reserveTokensFloor, guide }, path) => [
    `a compaction begins when only ${count(reserveTokensFloor)} tokens are free, which one large result overruns`,
    `in ${path}, set agents.defaults.compaction.reserveTokensFloor: ${guide}`,
  ],
  "context-bounded": ({ contextTokens, reserveTokensFloor }) =>
    `the context is bounded: ${count(contextTokens)} tokens, old results pruned, ${count(reserveTokensFloor)} kept free`,
  "pruner-first": ({ pruneAfterMs, inactiveForMs }, path) => [
    `two pruners: OpenClaw deletes sessions after ${span(pruneAfterMs)}, before they are archived after ${span(inactiveForMs)}`,
    `in ${path}, set session.maintenance.pruneAfter longer than archive.inactiveFor, or its mode to "warn"`,
  ],
  "pruner-leads": ({ pruneAfterMs }) =>
    `OpenClaw was told to prune by itself after ${span(pruneAfterMs)}: archive copies before, and leaves that to it`,
  "disk-budget": ({ maxDiskBytes }, path) => [
    `OpenClaw deletes its oldest sessions above ${formatSize(Number(maxDiskBytes))}, whatever their age`,
    `in ${path}, raise session.maintenance.maxDiskBytes, or have archive run more often`,
  ],
  "claude-known": ({ written, installed }, path) =>
    installed === null
      ? `Claude Code ${written}, by its newest rows`
      : `Claude Code ${installed} (${path})${written === null || written === installed ? "" : `; the newest rows are of ${written}`}`,
  "claude-version-unknown": (_, path) => `no row in ${path} tells a version, and there is no claude on the PATH`,
  "claude-sweeps": ({ days, beforeSweepMs, by }) => [
    `Claude Code deletes transcripts ${days} days after their last change${Array.isArray(by) ? `, those of all folders as soon as it starts in ${by.join(" or ")}` : ""}`,
    `archive copies them ${span(beforeSweepMs)} before; to keep them where they are, set cleanupPeriodDays in ${Array.isArray(by) ? "the .claude/settings.json of that folder" : "settings.json"}`,
  ],
  "claude-sweep-chosen": ({ days }) =>
    `Claude Code deletes transcripts after ${days} days, as somebody set on purpose; they are not copied before`,
};

function count(tokens: unknown): string {
  return Number(tokens).toLocaleString("en-US");
}

function span(ms: unknown): string {
  return formatDuration(Number(ms));
}
