// Bundles each process into dist/ as CommonJS, so that every host (VS Code's extension host, a plain
// Node, a container) loads it the same way and fast. What the extension, the command line and the
// language server share, and what they load only when it is needed, is in chunks of its own.
import { build, context } from "esbuild";
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { snapshotName } from "../server/platform/snapshot.ts";
import {
  asCommonJs,
  babelInPlace,
  englishAlone,
  nothingDrawn,
  schemasInterpreted,
} from "./bundle-plugins.ts";
import { billOfMaterials, licenceTexts } from "./licences.ts";

const { version } = JSON.parse(await readFile("package.json", "utf8"));
const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");

/** The replacement of `import.meta.url` in a CommonJS file. */
const moduleUrl = 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;';
const sourcemap = production ? false : "linked";

const shared = {
  plugins: [englishAlone, schemasInterpreted, nothingDrawn, babelInPlace],
  bundle: true,
  platform: "node",
  target: "node22",
  // Also for developers: half the text is compiled in half the time, and the source maps are there.
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  // Native add-ons, of dockerode's ssh transport and for the keychain: optional, loaded where they are;
  // a parser that the mutation of Svelte files alone would need.
  external: ["vscode", "cpu-features", "@napi-rs/keyring", "svelte/compiler", "*.node"],
  define: { "import.meta.url": "__moduleUrl", CODITECT_VERSION: JSON.stringify(version) },
  metafile: true,
};

const single = (name, source) => ({
  ...shared,
  format: "cjs",
  sourcemap,
  banner: { js: moduleUrl },
  entryPoints: [source],
  outfile: `dist/${name}.js`,
});

const options = [
  single("worker", "server/worker/main.ts"),
  single("fold", "server/store/fold-thread.ts"),
  single("diagrams", "server/teams/gates/diagram-thread.ts"),
  single("mutation", "server/teams/gates/mutation-thread.ts"),
  single("cloud-run-gateway", "server/instances/drivers/cloud-run/gateway/main.ts"),
  single("load-bundle", "server/platform/load-bundle.ts"),
  {
    ...shared,
    plugins: [...shared.plugins, asCommonJs(moduleUrl)],
    format: "esm",
    splitting: true,
    sourcemap: sourcemap && "inline",
    write: false,
    entryPoints: {
      client: "client/extension.ts",
      "cli-main": "server/surfaces/cli/main.ts",
      "server-main": "server/surfaces/lsp/main.ts",
    },
    outdir: "dist",
  },
];

const serverLauncher = `require("./load-bundle.js").loadBundle(require.resolve("./server-main.js"));
`;

await rm("dist", { recursive: true, force: true });
await mkdir("dist", { recursive: true });
await writeFile("dist/package.json", '{ "type": "commonjs" }\n');
await copyFile("scripts/cli-launcher.cjs", "dist/cli.js");
await chmod("dist/cli.js", 0o755);
await writeFile("dist/server.js", serverLauncher);

if (watch) {
  await Promise.all(options.map(async (option) => (await context({ ...option, logLevel: "info" })).watch()));
} else {
  const results = await Promise.all(options.map((option) => build(option)));
  // For this machine's own Node; it does not ship: elsewhere a worker starts from its script.
  makeSnapshot("dist/worker.js", `dist/${snapshotName()}`);
  if (production) {
    const metafiles = results.map(({ metafile }) => metafile);
    await writeFile("dist/THIRD-PARTY-LICENSES.txt", licenceTexts(metafiles));
    const product = JSON.parse(await readFile("package.json", "utf8"));
    await writeFile(
      "dist/sbom.cdx.json",
      `${JSON.stringify(billOfMaterials(metafiles, product), null, 2)}\n`,
    );
  }
}

/** A worker that starts from its snapshot is ready in half the time. */
function makeSnapshot(script, blob) {
  const made = spawnSync(process.execPath, ["--snapshot-blob", blob, "--build-snapshot", script]);
  if (made.status !== 0) console.warn(`Workers start without a snapshot: ${made.stderr}`);
}
