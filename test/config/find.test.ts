import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findConfiguration } from "../../src/config/find.ts";
import { put, scratchSurroundings } from "../support/surroundings.ts";

test("without any file there is no configuration", () => {
  expect(findConfiguration(undefined, scratchSurroundings())).toBeNull();
});

test("the first place that has a file wins", () => {
  const places = scratchSurroundings();
  const { root, homeDirectory, systemDirectory } = places;
  const system = put(join(systemDirectory, "config.json5"));
  expect(findConfiguration(undefined, places)).toEqual([system]);
  const user = put(join(homeDirectory, ".config/session-keeper/config.json5"));
  expect(findConfiguration(undefined, places)).toEqual([user]);
  places.env.XDG_CONFIG_HOME = join(root, "xdg");
  expect(findConfiguration(undefined, places)).toEqual([system]);
  const xdg = put(join(root, "xdg/session-keeper/config.json5"));
  expect(findConfiguration(undefined, places)).toEqual([xdg]);
  places.env.SESSION_KEEPER_CONFIG = put(join(root, "by-variable.json5"));
  expect(findConfiguration(undefined, places)).toEqual([join(root, "by-variable.json5")]);
  const flag = put(join(places.cwd, "by-flag.json5"));
  expect(findConfiguration("by-flag.json5", places)).toEqual([flag]);
});

test("variables that are empty, and a relative XDG_CONFIG_HOME, count as not set", () => {
  const places = scratchSurroundings({ SESSION_KEEPER_CONFIG: "", XDG_CONFIG_HOME: "relative" });
  put(join(places.cwd, "relative/session-keeper/config.json5"));
  const user = put(join(places.homeDirectory, ".config/session-keeper/config.json5"));
  expect(findConfiguration(undefined, places)).toEqual([user]);
});

test("a named file that is missing is an error that names it", () => {
  const places = scratchSurroundings();
  put(join(places.systemDirectory, "config.json5"));
  expect(() => findConfiguration("~/gone.json5", places)).toThrow(
    `--config: there is no file ${join(places.homeDirectory, "gone.json5")}`,
  );
  expect(() => findConfiguration("", places)).toThrow('--config: expected a file, got ""');
  places.env.SESSION_KEEPER_CONFIG = "/gone.json5";
  expect(() => findConfiguration(undefined, places)).toThrow("$SESSION_KEEPER_CONFIG: there is no file /gone.json5");
});

test("the system's drop-ins follow its main file, sorted, and only *.json5 that are not hidden", () => {
  const places = scratchSurroundings();
  const directory = join(places.systemDirectory, "conf.d");
  for (const name of ["20-b.json5", "10-a.json5", ".hidden.json5", "c.json5~", "d.json"]) put(join(directory, name));
  const dropIns = [join(directory, "10-a.json5"), join(directory, "20-b.json5")];
  expect(findConfiguration(undefined, places)).toEqual(dropIns);
  const main = put(join(places.systemDirectory, "config.json5"));
  expect(findConfiguration(undefined, places)).toEqual([main, ...dropIns]);
});

test("a link that leads nowhere is found, so that it is not passed over in silence", () => {
  const places = scratchSurroundings();
  const link = join(places.homeDirectory, ".config/session-keeper/config.json5");
  mkdirSync(join(link, ".."), { recursive: true });
  symlinkSync("/gone/config.json5", link);
  expect(findConfiguration(undefined, places)).toEqual([link]);
});

test("a place that cannot be looked into is an error", () => {
  const places = scratchSurroundings();
  symlinkSync("session-keeper", join(places.homeDirectory, "session-keeper"));
  places.env.XDG_CONFIG_HOME = places.homeDirectory;
  expect(() => findConfiguration(undefined, places)).toThrow(/cannot look for the configuration .*ELOOP/);
});
