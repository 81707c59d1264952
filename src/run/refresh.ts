import { lookAt } from "../disk/fingerprint.ts";
import { discover } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import { scopeOf } from "./prospects.ts";
import type { Request, World } from "./run.ts";

/**
 * Looks an installation up again, without what another installation looks after; of files that were named, just these. In place,
 * so that nothing of what was there before is kept.
 *
 * @param isAnew nothing that was read before is relied on: somebody else read it
 */
export async function refresh(
  installation: Installation,
  { request, world }: { request: Request; world: World },
  isAnew = false,
): Promise<void> {
  if (installation.folders.length > 0) {
    installation.transcripts = installation.transcripts.flatMap((transcript) => {
      const seen = lookAt(transcript.path);
      return seen ? [{ ...transcript, ...seen }] : [];
    });
    return;
  }
  const { name, claimedElsewhere, neighbours, unseenNeighbours } = installation;
  const claimed = new Set(claimedElsewhere);
  const before = isAnew ? { ...installation, registries: [] } : installation;
  const now = await discover(installation.settings, world.surroundings, scopeOf(request), before);
  const areMine = <T extends { path: string }>(items: T[]) => items.filter(({ path }) => !claimed.has(path));
  Object.assign(installation, now, {
    ...{ name, claimedElsewhere, neighbours, unseenNeighbours },
    ...{ transcripts: areMine(now.transcripts), locks: areMine(now.locks) },
  } satisfies Partial<Installation>);
}
