// Bundles the dashboard into ../assets: the same bytes from the same packages, whatever the folder.
import { build } from "esbuild";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
  legalComments: "none",
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
writeFileSync(join(assets, "LICENSES.txt"), licences());

/** The licences of the bundled packages: those that the lock file does not mark as for development. */
function licences() {
  const { packages } = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
  const shipped = Object.entries(packages).filter(([path, entry]) => path && !entry.dev && !entry.optional);
  const told = shipped.map(([path, entry]) => {
    const folder = join(here, path);
    const texts = readdirSync(folder, { withFileTypes: true }).filter((file) => file.isFile() && /^(licen[cs]e|notice)/i.test(file.name)).map((file) => file.name).sort();
    const name = path.replace(/^.*node_modules\//, "");
    return `\n${name} ${entry.version} (${entry.license})\n\n${texts.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n")}\n`;
  });
  return `The dashboard's pages contain these packages.\n${told.join("\n" + "-".repeat(80) + "\n")}`;
}
