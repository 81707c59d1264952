import { closeSync, openSync, readSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Settings } from "../config/settings.ts";
import { openDisk } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { realPathOr } from "../installation/paths.ts";
import type { ReportDocument } from "../report/document.ts";
import { PAGE_BEGINS, statusPage } from "../report/status-page.ts";
import { checkTarget, type GuardedHome, writeCopy } from "../restore/target.ts";
import type { Request, World } from "./run.ts";

/**
 * Writes the page of `status --html`. One that is there already is replaced when it is a page of ours, so that a crontab can
 * keep it up to date; anything else only with `--yes`. In the homes of the two programs nothing is replaced.
 *
 * @throws KeeperError when it cannot be written there; nothing was then
 */
export async function writeStatusPage(
  report: ReportDocument,
  { htmlFile, dryRun, yes }: Request,
  { surroundings }: World,
  settings: Settings | undefined,
): Promise<void> {
  if (htmlFile === null) return;
  const named = resolve(surroundings.cwd, htmlFile);
  const path = join(realPathOr(dirname(named)), basename(named));
  const replaces = checkTarget(path, yes || isPageOfOurs(path), guardedHomes(settings, report));
  if (dryRun) return;
  await writeCopy(openDisk(), path, onePiece(statusPage(report)), replaces);
}

async function* onePiece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function isPageOfOurs(path: string): boolean {
  if (lookAt(path)?.kind !== "file") return false;
  const descriptor = openSync(path, "r");
  try {
    const begins = Buffer.alloc(PAGE_BEGINS.length);
    readSync(descriptor, begins, 0, begins.length, 0);
    return begins.toString("latin1") === PAGE_BEGINS;
  } finally {
    closeSync(descriptor);
  }
}

function guardedHomes(settings: Settings | undefined, { installations }: ReportDocument): GuardedHome[] {
  return (settings?.installations ?? []).flatMap(({ name, openclaw, claude }) => {
    const isClosed = installations.some((one) => one.name === name && one.era === "S");
    return [
      ...(openclaw ? [{ home: realPathOr(openclaw.home), isClosed }] : []),
      ...(claude ? [{ home: realPathOr(claude.home), isClosed: false }] : []),
    ];
  });
}
