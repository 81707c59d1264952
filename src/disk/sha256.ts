import { createHash } from "node:crypto";

/** The SHA-256 of content that is in memory, in hexadecimal: to tell whether it is still what was looked at. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
