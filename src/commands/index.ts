import { archive } from "./archive.ts";
import { cleanLocks } from "./clean-locks.ts";
import type { Command } from "./command.ts";
import { detectCorruption } from "./detect-corruption.ts";
import { explain } from "./explain.ts";
import { restore } from "./restore.ts";
import { rotate } from "./rotate.ts";
import { setup } from "./setup.ts";
import { status } from "./status.ts";
import { validateRegistry } from "./validate-registry.ts";

/** Everything that a person can type. */
export const commands: readonly Command[] = [
  rotate,
  detectCorruption,
  cleanLocks,
  archive,
  validateRegistry,
  status,
  restore,
  setup,
  explain,
];
