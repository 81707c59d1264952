import { expect, test } from "vitest";
import { isPassingTrouble } from "../../src/gateway-log/transient.ts";

const crash = (result: string) =>
  `FailoverError: claude-cli exited with code 1: {"type":"result","is_error":true,"result":${JSON.stringify(result)}}`;

test.for([
  'API Error: 429 {"type":"error","error":{"type":"rate_limit_error"}}',
  "API Error: 529 Overloaded",
  "API Error: Repeated 529 Overloaded errors",
  'API Error: 500 {"type":"error","error":{"type":"api_error","message":"Internal server error"}}',
  "API Error: 503",
  "API Error (502): upstream",
  '529 {"type":"error","error":{"type":"x"}}',
  "HTTP 504",
  "HTTP/1.1 503",
  "status=429",
  "status code 529",
  "statusCode: 500",
  '{"api_error_status":529}',
  '{"code":503}',
  "got 502 from the API",
  "429 status code (no body)",
  "Rate limited, try again later",
  "Too many requests",
  "reason=rate_limit",
  '"reason":"billing"',
  "Overloaded",
  '401 {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
  'API Error: 403 {"error":{"type":"permission_error"}}',
  "Invalid API key · Fix external API key",
  "Invalid API key · Please run /login",
  "OAuth token has expired. Please obtain a new token or refresh your existing token.",
  "OAuth token revoked · Please run /login",
  "Failed to authenticate. API Error: 401 terminated",
  "Your login has expired",
  "You are not logged in",
  "access token expired",
  "Credit balance is too low",
  "API Error: 400 Your credit balance is too low to access the Anthropic API",
  "402 Payment Required",
  "insufficient_quota",
  "Claude AI usage limit reached|1770570000",
  "You've hit your limit · resets 3am",
  "5-hour limit reached ∙ resets 11pm",
  "Weekly limit reached",
  "You're out of extra usage",
  "API Error: 400 You have reached your specified API usage limits.",
  "Request timed out.",
  "operation timeout",
  "timeout exceeded",
  "connect ETIMEDOUT 1.2.3.4:443",
  "connect ECONNREFUSED 127.0.0.1:8080",
  "getaddrinfo ENOTFOUND api.example.org",
  "TypeError: fetch failed",
  "socket hang up",
  "API Error: Connection error.",
  "Unable to connect to API",
  "Prompt is too long",
  "API Error: 400 prompt is too long: 210000 tokens > 200000 maximum",
  "Request too large (max 20MB)",
  '413 {"type":"error","error":{"type":"request_too_large"}}',
  "context_length_exceeded",
  "input length and `max_tokens` exceed context limit",
])("passing: %s", (result) => {
  expect(isPassingTrouble(crash(result))).toBe(true);
  expect(isPassingTrouble(JSON.stringify({ 1: crash(result) }))).toBe(true);
});

test.for([
  "API Error: 400",
  'API Error: 400 {"type":"error","error":{"type":"invalid_request_error","message":"messages: roles must alternate"}}',
  "API Error: 400 messages.529.content.0: unexpected value",
  "API Error: 404 model not found",
  "Reached maximum number of turns",
  "error after 529 ms",
  "error 500ms later",
  "Unexpected token in JSON at position 503",
])("not passing: %s", (result) => {
  expect(isPassingTrouble(crash(result))).toBe(false);
  expect(isPassingTrouble(JSON.stringify({ 1: crash(result) }))).toBe(false);
});

test.for([
  "durationMs=529",
  "durationMs=429 ",
  '"duration_ms":500,"duration_api_ms":503',
  "pid=529",
  "port 5000",
  "ws://127.0.0.1:503/",
  "http://[::1]:5290",
  "req_01529",
  "session_id=0b7e4a52-4290-4a58-8a4f-0d2a6f6b5290",
  "status=5000",
  "status: 200",
  "code=1",
  "exitCode=529",
  "timeoutMs=60000",
  '"timeout":600',
  "timeout=600",
  "timeout: 30000",
  "lane=session:agent:main:cron:timeout",
  "lane=session:agent:main:rate-limit-watch",
  '"sessionKey":"agent:main:billing"',
  "authMode=oauth ",
  "profile=anthropic:oauth ",
  '"auth":"oauth"',
  "file:///usr/lib/node_modules/openclaw/dist/auth/oauth.js:12:4",
  "dist/rate-limit-C4x.js:10:2",
  '"service_tier":"standard"',
])("a number or a name is no reason: %s", (part) => {
  expect(isPassingTrouble(`${part} FailoverError: {"is_error":true,"result":"API Error: 400"}`)).toBe(false);
  expect(isPassingTrouble(`FailoverError: {"is_error":true,"result":"API Error: 400"} ${part}`)).toBe(false);
});

test("a long line without a reason is judged in no time", () => {
  const line = `FailoverError "is_error":true ${"a.b/c-".repeat(80_000)} ${"\\".repeat(100_000)} ${"call_".repeat(50_000)}`;
  const started = performance.now();
  expect(isPassingTrouble(line)).toBe(false);
  expect(performance.now() - started).toBeLessThan(1000);
});
