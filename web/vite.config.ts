import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.HAYMOW_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  // rjsf's main file names Ajv for its own tests, and Ajv is not installed: it makes code of schemas, which needs eval.
  resolve: {
    alias: { "@rjsf/validator-ajv8": fileURLToPath(new URL("src/ui/form/validator.ts", import.meta.url)) },
  },
  build: {
    outDir: "../src/haymow/ui",
    emptyOutDir: true,
    // Inlined files would be data: addresses, which the page's Content-Security-Policy does not allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": server, "/openapi.json": server, "/docs": server, "/errors": server } },
});
