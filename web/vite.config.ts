import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Where the server listens while the pages are developed. */
const server = process.env["CLARITY_ADDRESS"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    // The folder keeps its .gitignore, so that it exists in every checkout; tools/clean.mjs empties it.
    emptyOutDir: false,
    assetsInlineLimit: 0,
    // One small file: a page that was fetched at the second try would come without its own.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: { "/api": { target: server }, "/health": { target: server }, "/docs": { target: server } },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "pictures",
          include: ["tests/screenshots.ts"],
          environment: "node",
          testTimeout: 300_000,
        },
      },
      ...(["bench", "big"] as const).map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`tests/${name}.ts`],
          environment: "node" as const,
          testTimeout: 3_600_000,
          disableConsoleIntercept: true,
        },
      })),
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts"], environment: "node" } },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["tests/**/*.test.ts"],
          environment: "node",
          testTimeout: 90_000,
          hookTimeout: 180_000,
          // One server and one browser for all of them: they run one after the other.
          fileParallelism: false,
        },
      },
    ],
  },
});
