import { expect, test } from "vitest";
import { containerLines } from "../../src/report/container-lines.ts";

const report = { name: "jarvis", era: null, dialects: [], findings: [], actions: [], spared: [] };
const paths = { "/home/node/.openclaw": "/srv/john/openclaw" };

test("paths that were found are told with what showed them", () => {
  const last = "    /home/node/.openclaw is /srv/john/openclaw";
  expect(containerLines({ ...report, containerPaths: { from: "mounts", pid: 4711, paths } })).toEqual([
    "  paths inside its container, found by the mounts of process 4711:",
    last,
  ]);
  expect(containerLines({ ...report, containerPaths: { from: "registries", paths } })).toEqual([
    expect.stringContaining("the registries name transcripts there that lie here"),
    last,
  ]);
  expect(containerLines(report)).toEqual([]);
});
