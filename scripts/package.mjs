// `npm run package`: the installable extension, one .vsix in the root.
import { createVSIX } from "@vscode/vsce";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";

/** Every user downloads it with every update. */
const MOST_BYTES = 3 * 1024 * 1024;

const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
const packagePath = `${name}-${version}.vsix`;

for (const step of [["scripts/build.mjs", "--production"], ["scripts/export-texts.mjs"]]) {
  const { status } = spawnSync("node", step, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

for (const old of readdirSync(".").filter((file) => file.endsWith(".vsix"))) rmSync(old);
await createVSIX({
  packagePath,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});

const { size } = statSync(packagePath);
console.log(`${packagePath}: ${(size / 1024 / 1024).toFixed(2)} MB`);
if (size > MOST_BYTES) {
  console.error(`It must not be larger than ${MOST_BYTES / 1024 / 1024} MB.`);
  process.exit(1);
}
