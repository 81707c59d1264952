import { claudeCode } from "./claude-code.ts";
import type { Dialect } from "./dialect.ts";
import { openclaw } from "./openclaw.ts";

/** Every dialect, by name. */
export const dialects: Record<Dialect["name"], Dialect> = { "claude-code": claudeCode, openclaw };
