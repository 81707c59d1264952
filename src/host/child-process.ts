import type * as childProcess from "node:child_process";

/**
 * Takes the place of node:child_process in the bundle (see the build script): the command-line library asks for it at every
 * start, and an idle run never needs it, nor the networking that comes with it.
 */
export const spawn = ((...args: Parameters<typeof childProcess.spawn>) =>
  process.getBuiltinModule("node:child_process").spawn(...args)) as typeof childProcess.spawn;

export const fork = ((...args: Parameters<typeof childProcess.fork>) =>
  process.getBuiltinModule("node:child_process").fork(...args)) as typeof childProcess.fork;
