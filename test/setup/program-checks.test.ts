import { expect, test } from "vitest";
import { checkNode } from "../../src/setup/program-checks.ts";

test("Node is recent enough from 20.19 on", () => {
  const kinds = ["18.20.1", "20.18.9", "20.19.0", "v20.20.2", "22.0.0"].map((version) => checkNode(version, "/n").kind);
  expect(kinds).toEqual(["node-old", "node-old", "node-recent", "node-recent", "node-recent"]);
});
