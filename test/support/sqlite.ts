/** The beginning of a SQLite database with a schema number (`user_version`). */
export function databaseOf(schema: number): Buffer {
  const bytes = Buffer.alloc(100);
  bytes.write("SQLite format 3\0");
  bytes.writeUInt32BE(schema, 60);
  return bytes;
}

/** A page as a log has it. `commits`: a transaction ends with it. `salts`: those of another log than its header's. */
export type Frame = { page: number; schema?: number; commits?: boolean; salts?: [number, number] };

type LogHeader = { pageBytes?: number; order?: "BE" | "LE" };

/** The log beside a database (`-wal`). The pages hold nothing but a schema number; their own checksums are left out. */
export function logOf(frames: readonly Frame[], { pageBytes = 4096, order = "BE" }: LogHeader = {}): Buffer {
  const own: [number, number] = [0xdead_beef, 0x0bad_cafe];
  const header = Buffer.alloc(32);
  const words = [order === "BE" ? 0x377f_0683 : 0x377f_0682, 3_007_000, pageBytes, 0, ...own];
  for (const [index, word] of words.entries()) header.writeUInt32BE(word, index * 4);
  let [first, second] = [0, 0];
  for (let at = 0; at < 24; at += 8) {
    const [one, two] = [header[`readUInt32${order}`](at), header[`readUInt32${order}`](at + 4)];
    first = (first + one + second) >>> 0;
    second = (second + two + first) >>> 0;
  }
  header.writeUInt32BE(first, 24);
  header.writeUInt32BE(second, 28);
  const rest = frames.flatMap(({ page, schema = 0, commits = false, salts = own }) => {
    const [head, body] = [Buffer.alloc(24), Buffer.alloc(pageBytes)];
    for (const [index, word] of [page, commits ? 9 : 0, ...salts].entries()) head.writeUInt32BE(word, index * 4);
    body.writeUInt32BE(schema, 60);
    return [head, body];
  });
  return Buffer.concat([header, ...rest]);
}
