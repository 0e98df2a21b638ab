import { defineConfig } from "vitest/config";

// One browser, one test after the other: they share two cores with everything else.
export default defineConfig({
  test: { include: ["browser/**/*.test.ts"], expect: { poll: { timeout: 10_000 } }, testTimeout: 60_000, hookTimeout: 30_000, fileParallelism: false },
});
