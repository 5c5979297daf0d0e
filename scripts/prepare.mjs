// Makes a fresh clone ready: installs the packages and builds, each only if it is missing or stale. With
// --production, the build is the one that is released. Runs before the npm scripts, on whatever Node the
// machine has; what it starts runs on the Node of node_modules/.bin, which npm puts first on PATH.
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

const modified = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

const newestIn = (folder) =>
  Math.max(
    0,
    ...readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
  );

const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
};

const packagesOf = (lock) => JSON.parse(readFileSync(join(root, lock), "utf8")).packages;

/** Whether node_modules has everything the lock file names, in that version. */
const isInstalled = () => {
  if (!existsSync(join(root, "node_modules/.package-lock.json"))) return false;
  const installed = packagesOf("node_modules/.package-lock.json");
  return Object.entries(packagesOf("package-lock.json")).every(
    ([path, { version, optional, peer }]) =>
      path === "" || optional || peer || installed[path]?.version === version,
  );
};

// If packages are links, one by one or as a folder, they belong to another checkout: installing through
// the links would empty it.
const isLinked = ["node_modules", "node_modules/typescript"].some((path) =>
  lstatSync(join(root, path), { throwIfNoEntry: false })?.isSymbolicLink(),
);

if (!isLinked && !isInstalled()) {
  console.error("Installing packages (once) …");
  run(process.execPath, [
    process.env.npm_execpath ?? "npm",
    ...["ci", "--no-audit", "--no-fund", "--loglevel=error"],
  ]);
}

if (!process.argv.includes("--no-build")) {
  const sources = ["schemas", "server", "client", "scripts"].map(newestIn);
  const isStale = modified("dist/cli.js") < Math.max(...sources, modified("package-lock.json"));
  const production = process.argv.includes("--production");
  // Only the build for production writes the bill of materials.
  if (isStale || (production && modified("dist/sbom.cdx.json") === 0)) {
    console.error("Building …");
    run("node", ["scripts/build.mjs", ...(production ? ["--production"] : [])]);
  }
}
