import { expect, test } from "vitest";
import { ownJobsIn } from "../../src/setup/own-jobs.ts";

const job = (command: string) => ({
  source: "mine",
  line: 1,
  schedule: "* * * * *",
  command,
  variables: { PATH: "/bin" },
});

test.for([
  { command: "session-keeper rotate --cron", found: ["session-keeper", "rotate"] },
  {
    command: "PATH='/x y':/z /opt/bin/session-keeper -c /a archive --cron >> /log 2>&1",
    found: ["/opt/bin/session-keeper", "archive"],
  },
  {
    command: "flock -n /l node '/a b/session-keeper.js' clean-locks",
    found: ["/a b/session-keeper.js", "clean-locks"],
  },
  {
    command: "cd /x && ./bin/session-keeper.js validate-registry --repair; true",
    found: ["./bin/session-keeper.js", "validate-registry"],
  },
  { command: "session-keeper status", found: undefined },
  { command: "echo rotate session-keeper", found: undefined },
  { command: "other-session-keeper rotate", found: undefined },
])("$command", ({ command, found }) => {
  const [own] = ownJobsIn([job(command)]);
  if (!found) expect(own).toBeUndefined();
  else expect([own?.program, own?.command]).toEqual(found);
});

test("what the line sets for itself counts before what the crontab sets, and Node may be named", () => {
  const [own] = ownJobsIn([job("PATH=/y /usr/bin/node /s/session-keeper.js rotate --cron")]);
  expect(own).toMatchObject({ interpreter: "/usr/bin/node", variables: { PATH: "/y" }, options: ["--cron"] });
});

test("a line may call several commands", () => {
  const both = ownJobsIn([job("session-keeper rotate --cron; session-keeper archive --cron")]);
  expect(both.map(({ command }) => command)).toEqual(["rotate", "archive"]);
});
