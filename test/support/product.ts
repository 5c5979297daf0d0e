import { spawnSync } from "node:child_process";
import { join } from "node:path";

export { builtWorker } from "../../server/platform/installation.ts";

// `npm test` builds once, before its suites run side by side. A single file of tests builds if a source is newer.
const root = join(import.meta.dirname, "..", "..");
if (process.env.CODITECT_TEST_BUILT === undefined) {
  const { status } = spawnSync(process.execPath, [join(root, "scripts", "prepare.mjs")], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("The product could not be built; the reason is above.");
}

/** Absolute path of the built command line: the tests start what users start. */
export const commandLine = join(root, "dist", "cli.js");

/** Absolute path of the built language server. */
export const languageServer = join(root, "dist", "server.js");
