import { defineConfig } from "vitest/config";

const minutes = 60_000;

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/interop/**/*.test.ts"],
    // the first run installs about 3 GB
    testTimeout: 15 * minutes,
    hookTimeout: 15 * minutes,
    fileParallelism: false,
    reporters: ["verbose"],
  },
});
