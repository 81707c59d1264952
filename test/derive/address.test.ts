import { expect, test } from "vitest";
import { readAddress } from "../../src/derive/address.ts";

test.each([
  ["telegram:-1002003004", true, { channel: "telegram", peer: "-1002003004", chatType: "group" }],
  ["120363000000000000@g.us", true, { channel: "whatsapp", peer: "120363000000000000@g.us", chatType: "group" }],
  ["+15550001111", false, { channel: "whatsapp", peer: "+15550001111", chatType: "group" }],
  ["channel:C0ABCDEF1", true, { channel: "slack", peer: "C0ABCDEF1", chatType: "channel" }],
  ["channel:223456789012345678", true, { channel: "discord", peer: "223456789012345678", chatType: "channel" }],
  ["channel:town-square", true, { peer: "town-square", chatType: "channel" }],
  ["room:!AbC:example.org", true, { channel: "matrix", peer: "!AbC:example.org", chatType: "channel" }],
  ["signal:+15550002222", false, { channel: "signal", peer: "+15550002222", chatType: "group" }],
  ["line:group:g1", true, { channel: "line", peer: "g1", chatType: "group" }],
  ["conversation:19:abc", true, { chatType: "group" }],
  ["", false, { chatType: "group" }],
] as const)("%s, in a group: %s", (to, isGroup, place) => {
  expect(readAddress(to, isGroup)).toEqual(place);
});
