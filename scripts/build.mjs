// Bundles each process into dist/: one file per process, CommonJS, so that every host (VS Code's
// extension host, a plain Node, a container) loads it the same way and fast.
import { build, context } from "esbuild";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { licenceTexts } from "./licences.mjs";

const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");

const shared = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  sourcemap: production ? false : "linked",
  minify: production,
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
  // Native add-ons of dockerode's ssh transport: optional, loaded only where they were built.
  external: ["vscode", "cpu-features", "*.node"],
  define: { "import.meta.url": "__moduleUrl" },
  banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
};

const entries = {
  client: "client/extension.ts",
  server: "server/main.ts",
  worker: "server/worker/main.ts",
  fold: "server/store/fold-thread.ts",
  cli: "server/cli.ts",
};

await rm("dist", { recursive: true, force: true });
await mkdir("dist", { recursive: true });
await writeFile("dist/package.json", '{ "type": "commonjs" }\n');

const options = Object.entries(entries)
  .filter(([, source]) => existsSync(source))
  .map(([name, source]) => ({
    ...shared,
    entryPoints: [source],
    outfile: `dist/${name}.js`,
    banner: { js: name === "cli" ? `#!/usr/bin/env node\n${shared.banner.js}` : shared.banner.js },
  }));

if (watch) {
  await Promise.all(options.map(async (option) => (await context({ ...option, logLevel: "info" })).watch()));
} else {
  const results = await Promise.all(options.map((option) => build({ ...option, metafile: true })));
  if (production)
    await writeFile("dist/THIRD-PARTY-LICENSES.txt", licenceTexts(results.map(({ metafile }) => metafile)));
}
