import { defineConfig } from "vitest/config";

// One script and one style sheet; build/single_file.mjs puts both into the page.
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: { modulePreload: false, cssCodeSplit: false, assetsInlineLimit: 1_000_000, target: "es2022" },
  test: { include: ["test/**/*.test.ts"] },
});
