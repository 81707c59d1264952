/** An installation that reads a log. `keys`: of its registries, in lower case; null: they are not known. */
export type LogReader = { name: string; keys: ReadonlySet<string> | null };

/** The log sources that more than one installation reads, as configured and by real path, and who they are. */
export type SharedLogs = ReadonlyMap<string, readonly LogReader[]>;

/** Who else reads a log. @param sources its names */
export function otherReaders(shared: SharedLogs, sources: readonly string[], name: string): LogReader[] {
  return sources.flatMap((source) => shared.get(source) ?? []).filter((reader) => reader.name !== name);
}

/** In how many of them a registry key may be. */
export function countOfKey(readers: readonly LogReader[], key: string): number {
  const holding = readers.filter(({ keys }) => keys === null || keys.has(key.toLowerCase()));
  return new Set(holding.map(({ name }) => name)).size;
}
