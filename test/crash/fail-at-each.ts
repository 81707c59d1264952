import { expect } from "vitest";
import type { Disk } from "../../src/disk/disk.ts";
import type { Home } from "../support/home.ts";
import { shareOf } from "../support/thoroughness.ts";
import { type Call, type FaultKind, openFailingDisk } from "./failing-disk.ts";

/** Homes at once: most of a run's time is waiting. */
const AT_ONCE = 8;

export type FailStory<S extends { home: Home }> = {
  kind: FaultKind;
  prepare: () => S;
  /** the calls worth to fail, of all that an undisturbed run makes */
  choose: (calls: Call[], scene: S) => Call[];
  /** runs with the disk that it is given and checks what is left; `failed` tells afterwards which call failed */
  attempt: (scene: S, disk: Disk, failed: () => Call | undefined) => Promise<void>;
};

/** Has runs fail, each at another call and on a home of its own; the first one, whose calls are counted, does not. */
export async function failAtEach<S extends { home: Home }>({
  kind,
  prepare,
  choose,
  attempt,
}: FailStory<S>): Promise<void> {
  const wrong: string[] = [];
  const tryOne = async (chosen: Call | null): Promise<Call[]> => {
    const scene = prepare();
    const { disk, calls } = openFailingDisk(chosen?.n ?? 0, kind);
    // not always the chosen one: a name that is taken costs a call more
    const failed = () => (chosen ? calls[chosen.n - 1] : undefined);
    try {
      await attempt(scene, disk, failed);
    } catch (error) {
      const { n, name, path } = failed() ?? { n: 0, name: "no call", path: "" };
      wrong.push(`${n} ${name} ${path} failed: ${(error as Error).message}`);
    } finally {
      scene.home.remove();
    }
    return choose(calls, scene);
  };
  const places = await tryOne(null);
  expect(places.length).toBeGreaterThan(0);
  const chosen = shareOf(places);
  for (let at = 0; at < chosen.length; at += AT_ONCE) {
    await Promise.all(chosen.slice(at, at + AT_ONCE).map(tryOne));
  }
  expect(wrong).toEqual([]);
}
