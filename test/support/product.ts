import { spawnSync } from "node:child_process";
import { join } from "node:path";

export { builtWorker } from "../../server/platform/installation.ts";

// `npm test` builds once, before its suites run in parallel. A single test file builds if a source is newer.
const root = join(import.meta.dirname, "..", "..");
if (process.env.CODITECT_TEST_BUILT === undefined) {
  const { status } = spawnSync(process.execPath, [join(root, "scripts", "prepare.mjs")], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("The product could not be built; the reason is above.");
}

/** The absolute path of the built command line, which users also start. */
export const commandLine = join(root, "dist", "cli.js");

/** The absolute path of the built language server. */
export const languageServer = join(root, "dist", "server.js");
