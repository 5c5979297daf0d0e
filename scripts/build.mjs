// Bundles each process into dist/: one file per process, CommonJS, so that every host (VS Code's
// extension host, a plain Node, a container) loads it the same way and fast.
import { build, context } from "esbuild";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { snapshotName } from "../server/worker/snapshot.ts";
import { englishAlone, nothingDrawn } from "./bundle-plugins.ts";
import { licenceTexts } from "./licences.mjs";

const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");

const shared = {
  plugins: [englishAlone, nothingDrawn],
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  sourcemap: production ? false : "linked",
  // Also for developers: half the text is compiled in half the time, and the source maps are there.
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  // Native add-ons, of dockerode's ssh transport and for the keychain: optional, loaded where they are.
  external: ["vscode", "cpu-features", "@napi-rs/keyring", "*.node"],
  define: { "import.meta.url": "__moduleUrl" },
  banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
};

const entries = {
  client: "client/extension.ts",
  "server-main": "server/main.ts",
  worker: "server/worker/main.ts",
  fold: "server/store/fold-thread.ts",
  diagrams: "server/teams/gates/diagram-thread.ts",
  "cli-main": "server/cli.ts",
};

/** Starts from V8's cache of the compiled code: the second start takes half the time. */
const serverLauncher = `require("node:module").enableCompileCache();
require("./server-main.js");
`;

await rm("dist", { recursive: true, force: true });
await mkdir("dist", { recursive: true });
await writeFile("dist/package.json", '{ "type": "commonjs" }\n');
await copyFile("scripts/cli-launcher.cjs", "dist/cli.js");
await chmod("dist/cli.js", 0o755);
await writeFile("dist/server.js", serverLauncher);

const options = Object.entries(entries)
  .filter(([, source]) => existsSync(source))
  .map(([name, source]) => ({
    ...shared,
    entryPoints: [source],
    outfile: `dist/${name}.js`,
  }));

if (watch) {
  await Promise.all(options.map(async (option) => (await context({ ...option, logLevel: "info" })).watch()));
} else {
  const results = await Promise.all(options.map((option) => build({ ...option, metafile: true })));
  // For this machine's own Node: what ships starts from the script, whatever Node there is.
  if (!production) makeSnapshot("dist/worker.js", `dist/${snapshotName()}`);
  if (production)
    await writeFile("dist/THIRD-PARTY-LICENSES.txt", licenceTexts(results.map(({ metafile }) => metafile)));
}

/** A worker that starts from its snapshot is there in half the time. */
function makeSnapshot(script, blob) {
  const made = spawnSync(process.execPath, ["--snapshot-blob", blob, "--build-snapshot", script]);
  if (made.status !== 0) console.warn(`Workers start without a snapshot: ${made.stderr}`);
}
