import { defineConfig } from "vitest/config";

// One browser, one test after the other: they share two cores with everything else.
export default defineConfig({
  test: { include: ["browser/**/*.test.ts"], testTimeout: 20_000, hookTimeout: 30_000, fileParallelism: false },
});
