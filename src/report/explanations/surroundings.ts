import type { FindingKind } from "../../inspect/finding.ts";
import type { Explanation } from "./explanation.ts";

/** The installation as a whole. */
export const SURROUNDINGS_EXPLANATIONS = {
  "sqlite-era": {
    summary: "this OpenClaw keeps its sessions in SQLite",
    what: "OpenClaw from 2026.8.1 on (and the betas of 2026.7.2) has its sessions in a database. What is left of the old files is input of its migration.",
    effect: "None: it is how that release works.",
    keeper:
      "No command writes anything under the OpenClaw home then. Files of Claude Code are looked after as before, and logs are read.",
    byHand: "Nothing is needed. OpenClaw has commands of its own: openclaw sessions cleanup, openclaw doctor.",
    back: "Nothing goes.",
  },
  "unknown-era": {
    summary: "nothing tells which OpenClaw wrote this home",
    what: "Releases differ in how they lock and read their files. Neither a running gateway nor openclaw.json nor an installed package says which one it is here.",
    effect: "None for the bot.",
    keeper:
      "The strictest rules hold: sessions that a registry names wait until the gateway is stopped. So some things are not done that could be.",
    byHand:
      'Say which it is, with openclaw.version in the configuration, such as "2026.4.15". The version: openclaw --version',
    back: "Nothing goes.",
  },
  "clock-stepped": {
    summary: "the clock has jumped, so ages cannot be trusted",
    what: "Since the run before, the clock moved by more than an hour against the time since boot, or stands before it: a host that woke up, a clock that was set, a virtual machine that was put back.",
    effect: "With a wrong clock everything looks old, and would be archived at once.",
    keeper: "What depends on ages is skipped in this run. It goes on when two runs in a row agree.",
    byHand: "Look at the clock: timedatectl. Is it right, nothing is needed.",
    back: "Nothing goes.",
  },
  unreadable: {
    summary: "something that has to be looked at cannot be read",
    what: "A folder, a transcript, a lock or a log cannot be opened: it belongs to another user, is on a disk that does not answer, or is something else than it ought to be. Or the gateway's configuration does not tell here where the registries are: it is no JSON5, or session.store names a variable that is not set.",
    effect: "None by itself; what is in it is not looked after.",
    keeper: "It is told. What cannot be read makes nothing missing, and nothing is decided on half of what is there.",
    byHand:
      "Run it as the user that the bot runs as, or as root, which does the work on each home as its owner. ls -la PATH says whose it is. What session.store names has to be set for session-keeper, too, as in its crontab.",
    back: "Nothing goes.",
  },
} satisfies Partial<Record<FindingKind, Explanation>>;
