import { type Check, linesOf } from "./check.ts";
import type { ConfigurationFacts } from "./configuration-facts.ts";
import { whereIs } from "./cron-checks.ts";
import type { OwnJob } from "./own-jobs.ts";

const line = linesOf("configuration");

/** How a run tells what it did: none of these means that only its output does. */
export type Tidings = { hasLog: boolean; hasNotification: boolean };

/** Whether the configuration is what was meant, and the same for cron. Pure. */
export function checkConfiguration(facts: ConfigurationFacts, own: readonly OwnJob[]): Check[] {
  const { files, otherFiles } = facts;
  return [
    ...(files.length === 0 ? [line("configuration-none", "ok")] : []),
    ...files.flatMap(({ path, mode, hasAddresses, atDefaults }) => [
      line("configuration-read", "ok", { mode: mode.toString(8).padStart(4, "0") }, path),
      ...(hasAddresses && (mode & 0o044) !== 0 ? [line("configuration-open", "warning", {}, path)] : []),
      ...(atDefaults.length > 0 ? [line("configuration-repeats", "advice", { keys: atDefaults }, path)] : []),
    ]),
    ...(otherFiles.length > 0 ? [line("configuration-unread", "advice", { files: otherFiles })] : []),
    ...checkVariables(facts, own),
  ];
}

/** A variable of the person's shell that the crontab does not have leads cron elsewhere, or nowhere. */
function checkVariables({ variables }: ConfigurationFacts, own: readonly OwnJob[]): Check[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    const without = own.find((job) => job.variables[name] !== value && !replaces(name, job.options));
    return without ? [line("variable-not-in-cron", "warning", { name, value, where: whereIs(without.job) })] : [];
  });
}

function replaces(name: string, options: readonly string[]): boolean {
  const given = (flag: string) => options.some((word) => word === flag || word.startsWith(`${flag}=`));
  if (name.startsWith("CLAUDE_")) return given("--claude-home");
  if (name === "XDG_STATE_HOME") return given("--state-dir");
  if (name.startsWith("OPENCLAW_") || name.startsWith("CLAWDBOT_")) return given("--openclaw-home");
  return given("--config") || given("-c");
}

/** Whether anybody hears of what a run from cron prints. Pure. */
export function checkMail({ hasLog, hasNotification }: Tidings, hasMailer: boolean, own: readonly OwnJob[]): Check[] {
  if (own.length === 0 || hasNotification) return [];
  const line = linesOf("cron");
  const mails = own.filter(({ variables: { MAILTO } }) => MAILTO !== "");
  if (hasMailer && mails.length > 0) return [line("news-by-mail", "ok", { to: mails[0]?.variables.MAILTO ?? null })];
  if (hasLog) return [];
  return [line("news-lost", "advice", { hasMailer })];
}
