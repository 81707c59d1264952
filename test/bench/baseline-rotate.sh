#!/bin/bash
# What the owner of a bot runs from cron today, made after descriptions of such scripts: the newest transcript is
# rotated when it is too large, or when the last five minutes of the log hold a crash. It loses what is written
# meanwhile and verifies nothing; here it is the peer that an idle run is measured against.
# usage: baseline-rotate.sh HOME WORKSPACE_PROJECT LOG
set -u
projects="$1/.claude/projects/$2"; archives="$1/.claude/session-archives"; registry="$1/.openclaw/agents/main/sessions/sessions.json"; log="$3"
mkdir -p "$archives"
transcript=$(find "$projects" -maxdepth 1 -name '*.jsonl' -printf '%T@ %p\n' | sort -rn | head -n 1 | cut -d' ' -f2-)
[ -n "$transcript" ] || exit 0
reason=""
if [ "$(stat -c %s "$transcript")" -gt 2000000 ]; then
  reason=size
elif python3 - "$log" <<'PY'
import re, sys
from datetime import datetime, timedelta, timezone
since = datetime.now(timezone.utc) - timedelta(minutes=5)
stamp = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d')
for line in open(sys.argv[1], errors='replace'):
    found = stamp.search(line)
    if not found or datetime.fromisoformat(found.group() + '+00:00') < since:
        continue
    if ('tool_use_id' in line and 'tool_result' in line) or ('FailoverError' in line and '"is_error":true' in line):
        sys.exit(0)
sys.exit(1)
PY
then
  reason=corrupt
fi
[ -n "$reason" ] || exit 0
gzip -c "$transcript" > "$archives/$(basename "$transcript" .jsonl)-$(date +%Y%m%d-%H%M%S).jsonl.gz" && : > "$transcript"
jq 'map_values(del(.claudeCliSessionId))' "$registry" > "$registry.new" && mv "$registry.new" "$registry"
