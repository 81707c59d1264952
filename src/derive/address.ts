/** The channel and the peer of an address that the gateway answers to; ids of some services show by themselves whose they are. */
export function readAddress(
  to: string,
  isGroup: boolean,
): { channel?: string; peer?: string; chatType: "group" | "channel" } {
  const [, word = "", rest = ""] = /^([a-z][a-z-]{1,30}):(.+)$/s.exec(to) ?? [];
  if (/@g\.us$/.test(to)) return { channel: "whatsapp", peer: to.replace(/^whatsapp:/, ""), chatType: "group" };
  if (/^\+\d{5,15}$/.test(to) || /@s\.whatsapp\.net$/.test(to))
    return { channel: "whatsapp", peer: to, chatType: "group" };
  if (word === "channel" || word === "user") {
    const chatType = word === "channel" && isGroup ? "channel" : "group";
    if (/^\d{15,22}$/.test(rest)) return { channel: "discord", peer: rest, chatType };
    return /^[A-Z][A-Z0-9]{7,}$/.test(rest) ? { channel: "slack", peer: rest, chatType } : { peer: rest, chatType };
  }
  if (word === "chat_id") return { channel: "imessage", peer: rest, chatType: "group" };
  if (word === "room") return { channel: "matrix", peer: rest, chatType: "channel" };
  if (word === "group") return { channel: "signal", peer: rest, chatType: "group" };
  if (word === "conversation" || word === "") return { chatType: "group" };
  return { channel: word, peer: rest.replace(/^(?:group|channel|room|direct):/, ""), chatType: "group" };
}
