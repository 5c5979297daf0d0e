import { build } from "esbuild";
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { output, root } from "./parts.ts";

const run = promisify(execFile);
const vsce = createRequire(import.meta.url).resolve("@vscode/vsce/vsce");

/** A process of its own: it lists the files on standard output, which belongs to the results. */
const makeVsix = async (cwd: string, to: string, ...options: string[]): Promise<void> => {
  const always = ["--no-dependencies", "--allow-missing-repository", "--out", to];
  await run(process.execPath, [vsce, "package", ...always, ...options], { cwd });
};

/** Packages the extension as people install it; resolves with the VSIX. */
export const packageExtension = (): Promise<string> => (packaged ??= packageBuilt());
let packaged: Promise<string> | null = null;

const packageBuilt = async (): Promise<string> => {
  await mkdir(output, { recursive: true });
  // `npm test` builds once, before its suites run. A single file of tests builds if a source is newer.
  if (process.env.CODITECT_TEST_BUILT === undefined)
    await run(process.execPath, [join("scripts", "prepare.mjs"), "--production"], { cwd: root });
  const packagePath = join(output, "coditect-agents.vsix");
  await makeVsix(root, packagePath, "--no-rewrite-relative-links");
  return packagePath;
};

export const hostFolder = join(output, "host");

/**
 * Bundles the suite that runs inside the extension host, `test/extension-host`, and a second extension that
 * does nothing but run it: code-server has no way to name a suite on its command line.
 */
export const packageHostSuite = async (): Promise<string> => {
  await rm(hostFolder, { recursive: true, force: true });
  await mkdir(hostFolder, { recursive: true });
  await build({
    entryPoints: {
      suite: join(root, "test/extension-host/suite.ts"),
      main: join(root, "test/extension-host/main.ts"),
    },
    outdir: hostFolder,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    external: ["vscode"],
    sourcemap: "inline",
    logLevel: "warning",
  });
  const manifest = {
    name: "coditect-host-suite",
    publisher: "coditect",
    version: "0.0.0",
    license: "MIT",
    engines: { vscode: "^1.101.0" },
    main: "main.js",
    activationEvents: ["onStartupFinished"],
    extensionKind: ["workspace"],
    capabilities: { untrustedWorkspaces: { supported: true } },
    contributes: {
      views: { explorer: [{ id: "coditectMeasure.runs", name: "Measured" }] },
      languageModelChatProviders: [{ vendor: "coditect-test", displayName: "Scripted" }],
    },
  };
  await writeFile(join(hostFolder, "package.json"), JSON.stringify(manifest));
  await writeFile(join(hostFolder, "LICENSE"), "MIT");
  const packagePath = join(output, "host-suite.vsix");
  await makeVsix(hostFolder, packagePath, "--allow-star-activation", "--skip-license");
  return packagePath;
};
