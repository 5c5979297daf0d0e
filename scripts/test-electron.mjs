// `npm run test:electron`: the extension host's suite in a VS Code that @vscode/test-electron
// downloads, for machines that can. `npm test` runs the same suite in code-server.
import { runTests } from "@vscode/test-electron";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostFolder, packageExtension, packageHostSuite } from "../test/editor/packages.ts";

const folder = await mkdtemp(join(tmpdir(), "coditect-electron-"));
const project = join(folder, "split-the-bill");
await cp("media/sample", project, { recursive: true });
await packageExtension();
await packageHostSuite();
try {
  await runTests({
    extensionDevelopmentPath: process.cwd(),
    extensionTestsPath: join(hostFolder, "suite.js"),
    launchArgs: [project, "--disable-workspace-trust", "--disable-extensions"],
    extensionTestsEnv: { CODITECT_HOST_MOCHA: createRequire(import.meta.url).resolve("mocha") },
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
