import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const server = process.env.HAYMOW_URL ?? "http://127.0.0.1:8000";

/** Writes `x.js.gz` beside each `x.js` and `x.css`: the server sends it as it is to whoever takes gzip. */
function gzipped(): Plugin {
  return {
    name: "haymow-gzipped",
    apply: "build",
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name))) {
        writeFileSync(join(dir, `${name}.gz`), gzipSync(readFileSync(join(dir, name)), { level: 9 }));
      }
    },
  };
}

/** Has `api/early.ts` run before the page's code is here: a script of its own, which that code then imports. */
function early(): Plugin {
  return {
    name: "haymow-early",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle = {} }) => {
        const chunk = Object.values(bundle).find(({ name }) => name === "early");
        if (chunk === undefined) return [];
        const attrs = { type: "module", crossorigin: true, src: `./${chunk.fileName}` };
        return [{ tag: "script", attrs, injectTo: "head-prepend" }];
      },
    },
  };
}

export default defineConfig({
  // Files name each other by where they are; the server names those of index.html by where it is itself.
  base: "./",
  plugins: [react(), early(), gzipped()],
  // rjsf's main file names Ajv for its own tests, and Ajv is not installed: it makes code of schemas, which needs eval.
  resolve: {
    alias: { "@rjsf/validator-ajv8": fileURLToPath(new URL("src/ui/form/validator.ts", import.meta.url)) },
  },
  build: {
    outDir: "../src/haymow/ui",
    emptyOutDir: true,
    // Which file needs which others: what the first load weighs is read from it (tests/test_page_size.py).
    manifest: true,
    // Inlined files would be data: addresses, which the page's Content-Security-Policy does not allow.
    assetsInlineLimit: 0,
    // tests/test_page_size.py holds the first load to its limit.
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    // One file is read sooner than the sixteen that waited for each other and for a browser's six connections.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "early", test: /[\\/]api[\\/](early|place)\.ts$/, priority: 1 },
            { name: "start", tags: ["$initial"] },
          ],
        },
      },
    },
    // For older browsers light-dark() would be replaced by variables that nothing here sets: it would be no colour at all.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
  },
  server: {
    proxy: {
      "/api": server,
      "/openapi.json": server,
      "/docs": server,
      "/errors": server,
      "/healthz": server,
    },
  },
});
