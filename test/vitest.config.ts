import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**"],
    setupFiles: ["test/property-seed.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // real processes on a small machine: more at once only makes each slower
    maxWorkers: 2,
  },
});
