import { join, relative, sep } from "node:path";
import { runCommand } from "../host/command.ts";

const LIMIT_MS = 4000;

/** A running container and what of the host it has mounted. */
export type Container = { name: string; mounts: { source: string; destination: string }[] };

/** Asks docker which containers run. None where it is missing, does not answer at once, or refuses. */
export async function findContainers(env: NodeJS.ProcessEnv): Promise<Container[]> {
  const ask = (argv: string[]) => runCommand(["docker", ...argv], { timeoutMs: LIMIT_MS, env });
  const { status, stdout } = await ask(["ps", "--quiet", "--no-trunc"]);
  const ids = status === 0 ? stdout.split("\n").filter((id) => /^[0-9a-f]+$/.test(id)) : [];
  if (ids.length === 0) return [];
  const seen = await ask(["inspect", "--format", "{{json .Name}} {{json .Mounts}}", ...ids]);
  return seen.stdout.split("\n").flatMap((line) => containerIn(line) ?? []);
}

/** The container that has a folder mounted, by the longest path, and where it lies in there. Pure. */
export function containerOf(
  path: string,
  containers: readonly Container[],
): { name: string; inside: string } | undefined {
  const all = containers.flatMap(({ name, mounts }) => mounts.map((mount) => ({ name, ...mount })));
  const above = all.filter(({ source }) => path === source || path.startsWith(source + sep));
  const [nearest] = above.toSorted((a, b) => b.source.length - a.source.length);
  return nearest && { name: nearest.name, inside: join(nearest.destination, relative(nearest.source, path)) };
}

function containerIn(line: string): Container | undefined {
  const [, name, mounts] = /^("[^"]*") (\[.*\])$/.exec(line) ?? [];
  if (name === undefined || mounts === undefined) return undefined;
  try {
    const listed = JSON.parse(mounts) as { Source?: unknown; Destination?: unknown }[];
    return {
      name: (JSON.parse(name) as string).replace(/^\//, ""),
      mounts: listed.flatMap(({ Source: source, Destination: destination }) =>
        typeof source === "string" && typeof destination === "string" ? [{ source, destination }] : [],
      ),
    };
  } catch {
    return undefined;
  }
}
