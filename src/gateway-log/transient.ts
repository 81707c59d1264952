/**
 * Does the line give one of the vendor's passing troubles as its reason: rate limit (429), overload (529), outage (5xx),
 * sign-in, credit, usage limit, timeout, network, or a prompt that is too long?
 *
 * Such a failure says nothing about the session: an outage must not condemn every bot. When in doubt the answer is yes,
 * because a session that really is broken also logs the rejection's own wording. Numbers count as a status only where a
 * line says so: `durationMs=529`, ids, ports and `"duration_ms":500` don't. A status of 400 is no passing trouble.
 */
export function isPassingTrouble(line: string): boolean {
  const text = line.replace(NAMES, " ").replace(SIGN_IN, " ");
  return PASSING.some((pattern) => pattern.test(text));
}

/** Parts of a line that only name something: a session's lane or key, source files. */
const NAMES =
  /\blane=[^\s"'\\]+|\bsession_?key["'\\]{0,8}\s?[=:]\s?["'\\]{0,8}[^\s"'\\]+|(?<![\w.@/:-])[\w.@/:-]{1,300}\.(?:[cm]?[jt]s|jsonl?)\b(?::\d+)*/gi;

/** The kind of sign-in a profile uses; `OAuth` as the beginning of a sentence is another thing. */
const SIGN_IN = /[=:](?:oauth(?=[\s,}\])]|$)|\s?\\{0,8}["']oauth\\{0,8}["'])/g;

const Q = String.raw`["'\\]{0,8}`;
// A number with a unit, or the start of a longer number, is a measurement.
const STATUS = String.raw`(?:401|402|403|408|413|429|5\d\d)(?!\d|[.,:]\d|\s?(?:ms|msec|m?s|seconds?|bytes?|[kmg]i?b|tokens?|lines?|rows?|messages?|chars?|times|%)(?!\w))`;

const PASSING: readonly RegExp[] = [
  // A status, where the line calls it one.
  new RegExp(String.raw`(?:status(?:[ _-]?code)?|(?:\b|error[ _-]?|http[ _-]?)code)${Q}\s?[=:]?\s?${Q}${STATUS}`, "i"),
  new RegExp(String.raw`\bHTTP(?:/\d(?:\.\d)?)?${Q}\s?[=:]?\s?(?:error )?${STATUS}`, "i"),
  new RegExp(String.raw`error${Q}\s?[=:]?\s?[("'\\]{0,8}(?:repeated )?${STATUS}`, "i"),
  new RegExp(String.raw`\b(?:got|returned|received|responded with)(?: an?)? ${STATUS}`, "i"),
  new RegExp(String.raw`(?<![\w.=:-])${STATUS}[ :-]{1,3}(?:${Q}\{${Q}type${Q}:|status code)`, "i"),
  new RegExp(
    String.raw`\breason${Q}\s?[=:]\s?${Q}(?:rate_?limit|auth|billing|timeout|overload|quota|network|usage)`,
    "i",
  ),
  // Overload, outage, rate.
  /overload(?:ed)?|rate[-_ ]?limit|too many requests|at capacity|temporarily unavailable/i,
  /service[_ ]unavailable|internal server error|bad gateway|gateway time-?out|server had an error|type["'\\]{0,8}:\s?["'\\]{0,8}api_error/i,
  // Sign-in.
  /authenticat|oauth|unauthori[sz]ed|\bforbidden\b|permission_error|\/login\b|organization has been disabled/i,
  /\b(?:not logged in|log(?:ged)? ?in again|please (?:log|sign) ?in|expired login)|\blog-?in (?:\w+ ){0,2}(?:expired|required|failed)/i,
  /\b(?:invalid|incorrect|missing|expired|revoked|no)[ _](?:\w+ )?(?:(?:x-)?api[ _-]?key|credentials?|(?:access|auth|bearer|refresh) token)/i,
  /\b(?:api[ _-]?key|credentials?|(?:access|auth|bearer|refresh|session) token)s? (?:\w+ ){0,2}(?:expired|revoked|invalid|missing|not found)/i,
  // Money and limits.
  /\bcredits?\b|billing|payment required|insufficient[_ ](?:funds|quota|balance)|\bquota\b|out of (?:extra )?usage/i,
  /\b(?:usage|session|weekly|daily|monthly|hourly|hour|opus|sonnet|spend|spending) limits?\b|\blimit reached\b|\b(?:hit|reached|exceeded) your\b.{0,60}\blimits?\b/i,
  // Time and network. `timeoutMs=60000` and `timeout: 600` are settings.
  /\btimed[- ]?out\b|timeout_error|TimeoutError|\btimeout\b(?!["'\\]{0,8}\s?[=:]\s?["'\\]{0,8}\d)/i,
  /\b(?:ETIMEDOUT|ESOCKETTIMEDOUT|ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|UND_ERR_\w+)/,
  /fetch failed|socket hang ?up|getaddrinfo|unable to connect|self[- ]signed certificate|other side closed|\bnetwork[ _](?:error|failure|is unreachable|connection)/i,
  /\bconnection[ _]?(?:error|refused|reset|closed|aborted|lost|failed|terminated|was|timed)/i,
  // Too much for one request.
  /prompt (?:is )?too long|request[_ ]too[_ ]large|context[_ ](?:length|window|limit|overflow)|maximum context|too many (?:\w+ )?tokens|input length and/i,
];
