import { build } from "esbuild";

/** Bundles workers into `folder`, each as NAME.cjs, because only a bundle can be sent to another machine. */
export const bundleWorkers = async (
  folder: string,
  entryPoints: Readonly<Record<string, string>>,
): Promise<void> => {
  await build({
    entryPoints: { ...entryPoints },
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    minify: true,
    platform: "node",
    define: { "import.meta.url": "__moduleUrl", CODITECT_VERSION: JSON.stringify("1.0.0") },
    banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "error",
  });
};
