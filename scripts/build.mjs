// Bundles each process into dist/: one file per process, CommonJS, so that every host (VS Code's
// extension host, a plain Node, a container) loads it the same way and fast.
import { build, context } from "esbuild";
import { mkdir, rm, writeFile } from "node:fs/promises";

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

const { existsSync } = await import("node:fs");
const options = Object.entries(entries)
  .filter(([, source]) => existsSync(source))
  .map(([name, source]) => ({
    ...shared,
    entryPoints: [source],
    outfile: `dist/${name}.js`,
    banner: { js: name === "cli" ? `#!/usr/bin/env node\n${shared.banner.js}` : shared.banner.js },
  }));

if (watch) {
  for (const option of options) await (await context({ ...option, logLevel: "info" })).watch();
} else {
  await Promise.all(options.map((option) => build(option)));
}
