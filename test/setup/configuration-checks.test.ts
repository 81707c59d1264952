import { expect, test } from "vitest";
import { checkConfiguration, checkMail } from "../../src/setup/configuration-checks.ts";
import type { ConfigurationFacts } from "../../src/setup/configuration-facts.ts";
import { parseCrontab } from "../../src/setup/crontab.ts";
import { ownJobsIn } from "../../src/setup/own-jobs.ts";
import { saidBy } from "../support/checks.ts";

const none: ConfigurationFacts = { files: [], otherFiles: [], variables: {} };
const file = { path: "/c.json5", mode: 0o600, hasAddresses: false, atDefaults: [] };
const own = (text: string) => ownJobsIn(parseCrontab(text, "mine", false));

test("no configuration is none that is missed", () => {
  expect(saidBy(checkConfiguration(none, []))).toEqual(["configuration-none ok"]);
});

test.for([
  { over: {}, said: ["configuration-read ok"] },
  { over: { hasAddresses: true }, said: ["configuration-read ok"] },
  { over: { hasAddresses: true, mode: 0o644 }, said: ["configuration-read ok", "configuration-open warning"] },
  { over: { mode: 0o644 }, said: ["configuration-read ok"] },
  { over: { atDefaults: ["rotate.maxSize"] }, said: ["configuration-read ok", "configuration-repeats advice"] },
])("a file: $said", ({ over, said }) => {
  expect(saidBy(checkConfiguration({ ...none, files: [{ ...file, ...over }] }, []))).toEqual(said);
});

test("a file that another one hides is told", () => {
  const facts = { ...none, files: [file], otherFiles: ["/etc/session-keeper/config.json5"] };
  expect(saidBy(checkConfiguration(facts, []))).toContain("configuration-unread advice");
});

test.for([
  { line: "session-keeper rotate", isTold: true },
  { line: "OPENCLAW_STATE_DIR=/x session-keeper rotate", isTold: false },
  { line: "OPENCLAW_STATE_DIR=/other session-keeper rotate", isTold: true },
  { line: "session-keeper rotate --openclaw-home /x", isTold: false },
])("a variable that cron lacks is told: $line", ({ line, isTold }) => {
  const facts = { ...none, variables: { OPENCLAW_STATE_DIR: "/x" } };
  const said = saidBy(checkConfiguration(facts, own(`* * * * * ${line}`)));
  expect(said.includes("variable-not-in-cron warning")).toBe(isTold);
});

test.for([
  { text: "", mailer: true, tidings: {}, said: ["news-by-mail ok"] },
  { text: 'MAILTO=""', mailer: true, tidings: {}, said: ["news-lost advice"] },
  { text: "", mailer: false, tidings: {}, said: ["news-lost advice"] },
  { text: "", mailer: false, tidings: { hasLog: true }, said: [] },
  { text: "", mailer: false, tidings: { hasNotification: true }, said: [] },
])("news: $said with $text, a mailer: $mailer, and $tidings", ({ text, mailer, tidings, said }) => {
  const jobs = own(`${text}\n* * * * * session-keeper rotate`);
  expect(saidBy(checkMail({ hasLog: false, hasNotification: false, ...tidings }, mailer, jobs))).toEqual(said);
});
