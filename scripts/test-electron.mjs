// `npm run test:electron`: the suite of test/extension-host in a VS Code that @vscode/test-electron
// downloads. `npm run test:editor` runs the same suite where nothing can be downloaded.
import { runTests } from "@vscode/test-electron";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostFolder, packageHostSuite } from "../test/editor/packages.ts";

const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "coditect-electron-"));
const workspace = join(folder, "split-the-bill");
await cp(join(root, "media", "sample"), workspace, { recursive: true });
await packageHostSuite();
try {
  process.exitCode = await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: join(hostFolder, "suite.js"),
    extensionTestsEnv: { CODITECT_HOST_MOCHA: createRequire(import.meta.url).resolve("mocha") },
    launchArgs: [workspace, "--disable-extensions", "--disable-workspace-trust"],
  });
} catch (error) {
  console.error(`The suite failed, or VS Code could not be downloaded: ${error.message}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
