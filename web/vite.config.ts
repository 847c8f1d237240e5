import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.HAYMOW_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/haymow/ui",
    emptyOutDir: true,
    // Inlined files would be data: addresses, which the page's Content-Security-Policy does not allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": server, "/openapi.json": server, "/docs": server, "/errors": server } },
});
