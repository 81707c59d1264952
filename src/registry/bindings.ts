/** A Claude Code session that a registry entry continues, under one of the gateway's command-line providers. */
export type Binding = { provider: string; sessionId: string };

/** The two fields that hold a binding for each provider. */
export const BINDING_MAPS = ["cliSessionBindings", "cliSessionIds"] as const;

/** The oldest field of a binding: one id, of the provider `claude-cli`. */
export const LEGACY_BINDING = "claudeCliSessionId";
export const LEGACY_PROVIDER = "claude-cli";

/**
 * Every binding that an entry holds in any of its three fields, in the order in which the gateway believes them, each once.
 * Takes values of any shape: what isn't a binding is passed over.
 */
export function bindingsOf(entry: Record<string, unknown>): Binding[] {
  const found = [
    ...Object.entries(asObject(entry.cliSessionBindings)).map(([provider, value]) => [
      provider,
      asObject(value).sessionId,
    ]),
    ...Object.entries(asObject(entry.cliSessionIds)),
    [LEGACY_PROVIDER, entry[LEGACY_BINDING]],
  ];
  const bindings = new Map<string, Binding>();
  for (const [provider, value] of found) {
    // The gateway trims what it reads.
    const sessionId = typeof value === "string" ? value.trim() : "";
    if (typeof provider !== "string" || sessionId === "") continue;
    bindings.set(JSON.stringify([provider, sessionId]), { provider, sessionId });
  }
  return [...bindings.values()];
}

/** The value itself if it is a JSON object, an empty one if it is anything else. */
export function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
