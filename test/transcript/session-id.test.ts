import { expect, test } from "vitest";
import { sessionIdIn } from "../../src/transcript/session-id.ts";

const ID = "6f0d2c1e-7a54-4a1c-9b1e-0a1b2c3d4e5f";

test.for([
  { what: "a session's own file", name: ID },
  { what: "a topic's", name: `${ID}-topic-77` },
  { what: "a topic's with a name that is encoded", name: `${ID}-topic-a%2Fb` },
  { what: "a fork's", name: `2026-11-20T10-00-00-000Z_${ID}` },
  { what: "a fork's with a time as others have it", name: `2026-02-09T12-00-00.000Z_${ID}` },
  { what: "a fork's of a topic", name: `2026-11-20T10-00-00-000Z_${ID}-topic-77` },
])("the id in the name of $what", ({ name }) => {
  expect(sessionIdIn(name)).toBe(ID);
});

test.for(["topic-7", "2026-11-20_notes", "a_b"])("%s is an id by itself", (name) => {
  expect(sessionIdIn(name)).toBe(name);
});
