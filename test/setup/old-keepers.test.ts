import { join } from "node:path";
import { expect, test } from "vitest";
import { findOldKeepers } from "../../src/setup/old-keepers.ts";
import { put, scratchSurroundings } from "../support/surroundings.ts";

const job = (command: string) => ({ source: "mine", line: 1, schedule: "* * * * *", command, variables: {} });
const found = (command: string) => findOldKeepers([job(command)]).map(({ what }) => what);

test.for([
  "/home/jarvis/bin/rotate-session.sh >> /tmp/x 2>&1",
  "bash validate-sessions.sh",
  "find ~/.openclaw/agents -name '*.jsonl.lock' -mmin +1 -delete",
  "find /home/x/.claude/projects -mtime +5 -exec rm {} \\;",
  "/opt/cleanup-stale-locks",
])("another keeper: %s", (command) => {
  expect(found(command)).toHaveLength(1);
});

test.for([
  "session-keeper clean-locks --cron",
  "find /tmp -delete",
  "wc -l /home/x/.openclaw/agents/main/sessions/a.jsonl",
  "/usr/bin/certbot renew",
  "rotate-logs.sh",
])("none: %s", (command) => {
  expect(found(command)).toEqual([]);
});

test("a script that changes session files is one, by whatever name; one that reads them is none", () => {
  const { root } = scratchSurroundings();
  const bad = put(join(root, "tidy.sh"), 'for f in ~/.openclaw/agents/*/sessions/*.jsonl; do\n  > "$f"\ndone\n');
  const good = put(join(root, "count.sh"), "wc -c ~/.openclaw/agents/*/sessions/*.jsonl\n");
  expect(found(`bash ${bad}`)).toEqual([bad]);
  expect(found(good)).toEqual([]);
});
