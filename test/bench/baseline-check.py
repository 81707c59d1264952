"""The usual way to look for results without calls: json.loads for every line. Prints them, one id a line."""
import json
import sys

calls, results, broken = set(), set(), 0
with open(sys.argv[1], "rb") as file:
    for line in file:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            broken += 1
            continue
        message = row.get("message") if isinstance(row, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else []:
            if not isinstance(block, dict):
                continue
            if block.get("type") == "tool_use":
                calls.add(block.get("id"))
            elif block.get("type") == "tool_result":
                results.add(block.get("tool_use_id"))
print("\n".join(sorted(results - calls)))
