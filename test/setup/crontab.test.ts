import { expect, test } from "vitest";
import { parseCrontab } from "../../src/setup/crontab.ts";

test("jobs are read with their lines, and with the variables that are set above them", () => {
  const text = [
    "# 1 2 3 4 5 not a job",
    "PATH=/a:/b c",
    ' MAILTO = "x@y"',
    "3-59/5 * * * * session-keeper rotate --cron",
    "PATH=/c",
    "@daily  echo 100\\% %input",
    "* * * * ",
    "nonsense",
  ].join("\n");
  expect(parseCrontab(text, "mine", false)).toEqual([
    {
      source: "mine",
      line: 4,
      schedule: "3-59/5 * * * *",
      command: "session-keeper rotate --cron",
      variables: { PATH: "/a:/b c", MAILTO: "x@y" },
    },
    {
      source: "mine",
      line: 6,
      schedule: "@daily",
      command: "echo 100% ",
      variables: { PATH: "/c", MAILTO: "x@y" },
    },
  ]);
});

test("in the system's crontabs a user stands before the command", () => {
  const [job] = parseCrontab("17 *\t* * *\troot    cd / && run\n", "/etc/crontab", true);
  expect(job).toMatchObject({ user: "root", command: "cd / && run", schedule: "17 *\t* * *" });
});
