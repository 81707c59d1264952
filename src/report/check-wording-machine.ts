import { formatDuration } from "../config/units.ts";
import type { MachineCheckKind } from "../setup/check.ts";
import type { CheckWords } from "./check-wording.ts";

/** The checklist's lines on the machine: this program, cron, the configuration, the clock. */
export const machineWording: Record<MachineCheckKind, CheckWords> = {
  "node-recent": ({ version }, path) => `Node ${version} (${path})`,
  "node-old": ({ version }, path) => [`Node ${version} (${path}) is too old`, "install Node 20.19 or later"],
  "node-managed": ({ version }, path) => [
    `Node ${version} is that of a version manager (${path}): cron loses it with the next version`,
    "after each new version: session-keeper setup cron --install",
  ],
  "cron-finds-program": ({ version, node }, path) =>
    `cron finds ${path}${version === undefined ? "" : ` and Node ${version} (${node})`}`,
  "cron-lacks-program": ({ program, searchPath, where }) => [
    `cron does not find ${program} (${where}) in its PATH ${searchPath}`,
    "session-keeper setup cron --install writes a PATH that holds it",
  ],
  "cron-lacks-node": ({ searchPath, where }) => [
    `cron does not find Node (${where}) in its PATH ${searchPath}`,
    "session-keeper setup cron --install writes a PATH that holds it",
  ],
  "cron-node-old": ({ version, where }, path) => [
    `the Node that cron finds (${where}) is ${version} (${path}), which is too old`,
    "session-keeper setup cron --install writes a PATH with this Node first",
  ],
  "cron-node-silent": ({ where }, path) => [
    `the Node that cron finds (${where}), ${path}, does not tell its version`,
    `run it by hand: ${path} --version`,
  ],
  "cron-runs": ({ pid }) => `the cron daemon runs (process ${pid})`,
  "cron-missing": () => [
    "there is no cron daemon on this machine, so nothing runs by itself",
    "as root: apt-get install cron. Or: session-keeper setup systemd --install",
  ],
  "cron-stopped": ({ isPidFileStale }, path) => [
    `the cron daemon (${path}) does not run${isPidFileStale ? "; its pid file is left from one that ended" : ""}`,
    "as root: systemctl enable --now cron, or: service cron start",
  ],
  "crontab-refused": ({ user, says }) => [
    `${user} may not have a crontab (${says})`,
    `as root: add ${user} to /etc/cron.allow, or take it out of /etc/cron.deny. Or: session-keeper setup systemd --install`,
  ],
  "crontab-failed": ({ user, says }) => [
    `the crontab of ${user} cannot be read (${says})`,
    "see what it says by hand: crontab -l",
  ],
  "lines-found": ({ commands, where }) => `${list(commands)} are started by ${list(where)}`,
  "lines-missing": () => [
    "nothing starts session-keeper: there is no line in a crontab and no timer",
    "session-keeper setup cron --install",
  ],
  "command-missing": ({ command }) => [`nothing starts ${command}`, "session-keeper setup cron --install"],
  "command-twice": ({ command, where }) => [
    `${command} is started ${(where as string[]).length} times with the same options: ${list(where)}`,
    "take out all but one",
  ],
  "timer-disabled": (_, path) => [
    `the timer ${path} is there and does not run`,
    "session-keeper setup systemd --install, or take it out with --uninstall",
  ],
  "line-talks": ({ command, where }) => [
    `${command} (${where}) runs without --cron: it tells the same trouble each time`,
    "add --cron to that line",
  ],
  "other-keeper": ({ where, what }) => [
    `${where} changes session files as well (${what}): two keepers get in each other's way`,
    "take that line out; what it did, session-keeper does",
  ],
  "schedule-unknown": ({ where, schedule }) => [
    `the time of ${where} (${schedule}) is none that comes again`,
    "session-keeper setup cron prints times that are good",
  ],
  "runs-seldom": ({ command, where, gapMinutes, mostMinutes }) => [
    `${command} (${where}) comes ${gapMinutes === null ? "on some days only" : `every ${span(gapMinutes)}`}`,
    `better at least every ${span(mostMinutes)}; session-keeper setup cron prints good times`,
  ],
  "runs-often": ({ command, where, gapMinutes, leastMinutes }) => [
    `${command} (${where}) comes every ${span(gapMinutes)}`,
    `every ${span(leastMinutes)} would do; session-keeper setup cron prints good times`,
  ],
  "same-minute": ({ commands, at }) => [
    `${list(commands)} begin in the same minute (${at}), so that one waits for the other`,
    "give them minutes of their own; session-keeper setup cron prints some",
  ],
  "minutes-apart": () => "no two of them begin in the same minute",
  "news-by-mail": ({ to }) => `what a run has to tell goes by mail to ${to ?? "this user"}`,
  "news-lost": ({ hasMailer }) => [
    hasMailer
      ? 'what a run has to tell is thrown away (MAILTO="")'
      : "what a run has to tell is lost: there is no program for mail here, and no log is configured",
    "set log.file, notify.command or notify.webhook in the configuration",
  ],
  "configuration-none": () => "there is no configuration file, and none is needed: the defaults hold",
  "configuration-read": ({ mode }, path) => `read from ${path} (mode ${mode})`,
  "configuration-open": (_, path) => [
    `${path} holds addresses for messages, and every user can read it`,
    `chmod go-rwx ${path}`,
  ],
  "configuration-repeats": ({ keys }) => [
    `says what holds anyway: ${list(keys)}`,
    "may be taken out; then later releases may choose better",
  ],
  "configuration-unread": ({ files }) => [
    `not read, because another file comes first: ${list(files)}`,
    "put all into one place: /etc/session-keeper, or the user's own file",
  ],
  "variable-not-in-cron": ({ name, value, where }) => [
    `${name} is set here and not for cron (${where}), which looks elsewhere`,
    `put it before the crontab's line: ${name}=${value}`,
  ],
  "clock-sane": ({ now, isSynchronised }) => `${now}${isSynchronised === true ? ", synchronised" : ""}`,
  "clock-wrong": ({ now }) => [
    `the clock says ${now}: what is idle, stale or old is told by it`,
    "as root: timedatectl set-ntp true, or set it with date",
  ],
  "clock-adrift": ({ now }) => [`${now}; nothing keeps it in step with the world`, "as root: timedatectl set-ntp true"],
};

/** `a, b and c`. */
function list(words: unknown): string {
  const all = (words as unknown[]).map(String);
  return all.length < 2 ? (all[0] ?? "") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

function span(minutes: unknown): string {
  return formatDuration(Number(minutes) * 60_000);
}
