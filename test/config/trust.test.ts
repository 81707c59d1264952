import { chmodSync, chownSync, renameSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readConfiguration } from "../../src/config/read.ts";
import { KeeperError } from "../../src/errors.ts";
import { put, putFolder, scratchSurroundings } from "../support/surroundings.ts";

const commands = [
  ["installations.a.gateway.restart", '{ installations: { a: { gateway: { restart: ["x"] } } } }'],
  ["installations.a.gateway.health", '{ installations: { a: { gateway: { health: ["x"] } } } }'],
  ["rotate.summarize", '{ rotate: { summarize: ["x"] } }'],
  ["notify.command", '{ notify: { command: ["x"] } }'],
] as const;
const withCommand = commands[0][1];

/** A configuration file alone in a folder, both with exactly these modes. */
function place(text: string, fileMode = 0o644, folderMode = 0o755): string {
  const file = put(join(scratchSurroundings().root, "own", "config.json5"), text, fileMode);
  chmodSync(dirname(file), folderMode);
  return file;
}

function refusal(files: string[], uid = process.getuid?.() ?? 0): KeeperError {
  try {
    readConfiguration(files, uid);
  } catch (error) {
    if (error instanceof KeeperError) return error;
  }
  return expect.fail("nothing was refused");
}

const read = (file: string) => readConfiguration([file], process.getuid?.() ?? 0);

test.for(commands)("%s is not accepted from a file that others can write to", ([key, text]) => {
  const file = place(text, 0o664);
  const { code, message, hint } = refusal([file]);
  expect(code).toBe("config");
  expect(message).toContain(`${file}: the file can be written to by others, mode 0664`);
  expect(message).toContain(key);
  expect(hint).toContain(`chmod go-w ${file}`);
});

test.for([0o600, 0o644, 0o444, 0o755])("a command is accepted from a file of mode %o", (mode) => {
  expect(read(place(withCommand, mode)).installations.a?.gateway.restart).toEqual(["x"]);
});

test.for([0o620, 0o602, 0o666, 0o777])("a command is refused from a file of mode %o", (mode) => {
  expect(() => read(place(withCommand, mode))).toThrow("can be written to by others");
});

test("a file without a command may be writable by anybody", () => {
  expect(read(place('{ rotate: { maxSize: "3MB" } }', 0o666, 0o777)).rotate.maxSize).toBe(3_000_000);
});

test.for([0o775, 0o757, 0o777])("a command is refused from a folder of mode %o", (mode) => {
  const file = place(withCommand, 0o644, mode);
  const { message, hint } = refusal([file]);
  expect(message).toContain(`${dirname(file)}: the folder can be written to by others, mode 0${mode.toString(8)}`);
  expect(hint).toContain(`chmod go-w ${dirname(file)}`);
});

test("a shared folder with the sticky bit is not accepted either, and the remedy is to move the file", () => {
  const file = place(withCommand, 0o644, 0o1777);
  const { message, hint } = refusal([file]);
  expect(message).toContain("mode 1777");
  expect(hint).toContain(`move the configuration out of ${dirname(file)}`);
  expect(hint).not.toContain("chmod");
});

test("only the folder itself counts, not the one above", () => {
  const file = place(withCommand);
  chmodSync(dirname(dirname(file)), 0o777);
  expect(read(file).installations.a?.gateway.restart).toEqual(["x"]);
});

test("behind a link, the real file and its real folder count", () => {
  const file = place(withCommand, 0o644, 0o777);
  const link = join(putFolder(join(scratchSurroundings().root, "safe")), "config.json5");
  symlinkSync(file, link);
  expect(refusal([link]).message).toContain(`${dirname(file)}: the folder can be written to by others`);
  chmodSync(dirname(file), 0o755);
  chmodSync(dirname(link), 0o777);
  expect(read(link).installations.a?.gateway.restart).toEqual(["x"]);
});

test("a stranger's file or folder is refused, root's and one's own are accepted", () => {
  const file = place(withCommand);
  const owner = statSync(file).uid;
  expect(readConfiguration([file], owner).installations.a).toBeDefined();
  if (owner === 0) {
    expect(readConfiguration([file], 4242).installations.a).toBeDefined();
    chownSync(file, 4243, 4243);
    expect(refusal([file], 4242).message).toContain(
      `${file}: the file belongs to user 4243, neither to this user (4242) nor to root; mode 0644`,
    );
    expect(refusal([file], 0).message).toContain("belongs to user 4243");
    expect(readConfiguration([file], 4243).installations.a).toBeDefined();
  } else {
    expect(refusal([file], owner + 1).message).toContain(`belongs to user ${owner}`);
  }
});

test("one writable file among several is enough to refuse the commands of another", () => {
  const file = place(withCommand);
  const other = put(join(dirname(file), "other.json5"), "{}", 0o666);
  expect(refusal([file, other]).message).toContain(`${other}: the file can be written to by others`);
});

test("every fault is told at once", () => {
  const file = place(withCommand, 0o666, 0o777);
  renameSync(file, join(dirname(file), "renamed.json5"));
  const { message } = refusal([join(dirname(file), "renamed.json5")]);
  expect(message.split("\n")).toHaveLength(3);
});
