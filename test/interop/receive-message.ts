// Run with Node 24: receive-message.ts PACKAGE CONFIG KEY. A message arrives in that session, up to the model's turn.
import { readFileSync } from "node:fs";
import { reachFunctions } from "./reach-functions.ts";

const [folder = "", config = "", key = ""] = process.argv.slice(2);
const { initSessionState } = await reachFunctions(folder, ["initSessionState"]);
await initSessionState({
  cfg: JSON.parse(readFileSync(config, "utf8")),
  commandAuthorized: true,
  ctx: {
    Body: "Good evening.",
    SessionKey: key,
    Provider: "telegram",
    Surface: "telegram",
    OriginatingChannel: "telegram",
    OriginatingTo: "telegram:700",
    From: "telegram:700",
    To: "telegram:700",
    AccountId: "default",
    ChatType: "direct",
    SenderId: "700",
  },
});
process.exit(0);
