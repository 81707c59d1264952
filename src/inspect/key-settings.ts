import type { KeySettings } from "../derive/key.ts";
import type { Installation } from "../installation/installation.ts";

/** What decides how the gateway of an installation spells the keys of its sessions. */
export function keySettingsOf({ openclaw }: Installation): KeySettings {
  const { scope, dmScope, mainKey } = openclaw?.config ?? {};
  return {
    ...(scope === "global" || scope === "per-sender" ? { scope } : {}),
    ...(isDmScope(dmScope) ? { dmScope } : {}),
    ...(mainKey === undefined ? {} : { mainKey }),
    ...(/^2026\.1\./.test(openclaw?.era.version ?? "") ? { directWord: "dm" } : {}),
    keepsCase: openclaw?.era.era === "F3a" || openclaw?.era.era === "F3b",
  };
}

function isDmScope(value: string | undefined): value is NonNullable<KeySettings["dmScope"]> {
  return ["main", "per-peer", "per-channel-peer", "per-account-channel-peer"].includes(value ?? "");
}
