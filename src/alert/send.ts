import { errnoOf } from "../errors.ts";

/** What is asked of a web address, which may hold a name and a password. */
type Asked = { method: "GET" | "POST"; url: URL; headers?: Record<string, string>; body?: string };

/** Why something was not accepted, to be read behind a name. `wasHeard`: somebody answered. */
export type Refusal = { because: string; wasHeard: boolean };

/**
 * Sends one request and waits for its answer, `timeoutMs` at most. Nothing of the address gets into words, because such
 * addresses are secrets. A redirect is not followed: what is sent is for that address alone.
 *
 * @returns undefined: it was accepted
 */
export async function send(
  { method, url, headers, body }: Asked,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<Refusal | undefined> {
  const limit = AbortSignal.timeout(Math.max(1, Math.round(timeoutMs)));
  try {
    const response = await fetch(withoutSecrets(url), {
      ...{ method, headers: { ...headers, ...authorization(url) }, redirect: "manual" },
      ...(body === undefined ? {} : { body }),
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const isRedirect = response.status >= 300 && response.status < 400;
    const because = `answered with status ${response.status}${isRedirect ? ", a redirect, which is not followed" : ""}`;
    return { because, wasHeard: true };
  } catch (error) {
    const because = limit.aborted
      ? `did not answer within ${Math.ceil(timeoutMs / 1000)} s`
      : signal?.aborted
        ? "was not waited for, because the run was stopped"
        : explain(error);
    return { because, wasHeard: false };
  }
}

/** `fetch` refuses an address with a password in it as it stands. */
function withoutSecrets(url: URL): URL {
  const bare = new URL(url);
  for (const part of ["hash", "username", "password"] as const) bare[part] = "";
  return bare;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  return { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}` };
}

/** The code alone: the messages of such errors may hold the address. */
function explain(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Error && cause.message === "bad port") return "has a port that web requests may not use";
  const code = errnoOf(cause) ?? errnoOf(error);
  return (code !== undefined && REASONS[code]) || `could not be reached${code === undefined ? "" : ` (${code})`}`;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: "refuses the connection",
  ECONNRESET: "broke off the connection",
  UND_ERR_SOCKET: "broke off the connection",
  ENOTFOUND: "has a name that is not known here",
  EAI_AGAIN: "has a name that cannot be looked up now",
  CERT_HAS_EXPIRED: "has a certificate that has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "has a certificate that it signed itself",
};
