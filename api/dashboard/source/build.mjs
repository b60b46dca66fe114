// Bundles the dashboard into ../assets: the same bytes from the same packages, whatever the folder.
import { build } from "esbuild";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, "..", "assets");
for (const name of readdirSync(assets)) if (/\.(js|css|txt)$/.test(name)) rmSync(join(assets, name));

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "linked",
  logLevel: "warning",
  outdir: assets,
};
await build({
  ...shared,
  entryPoints: { app: "main.tsx", live: "service/live_worker.ts" },
  format: "esm",
  splitting: true,
  chunkNames: "[name]-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
});
await build({ ...shared, entryPoints: { style: "style/all.css" } });
