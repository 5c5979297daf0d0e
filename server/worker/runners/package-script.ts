import { join } from "node:path";
import { foldersUp, isOfPnpm, readPackage, withPackages } from "./package.ts";
import type { ProjectCommand } from "./project-command.ts";
import { exists } from "../../workspace/file-access.ts";

/** The text that `npm init` writes instead of a test script. */
const placeholder = "no test specified";

/** Whether the package has its own test script. */
export const hasTestScript = (scripts: Readonly<Record<string, string>>): boolean =>
  scripts.test !== undefined && !scripts.test.includes(placeholder);

/** The package manager of a package, according to its lock file or those of the folders above. */
const packageManager = (folder: string): "npm" | "pnpm" | "yarn" | "bun" => {
  const has = (name: string) => exists(join(folder, name)) || exists(join(folder, "../..", name));
  if (has("pnpm-lock.yaml")) return "pnpm";
  if (has("yarn.lock")) return "yarn";
  return has("bun.lock") || has("bun.lockb") ? "bun" : "npm";
};

/** What a package manager calls itself in its scripts. Tools such as wireit and only-allow read it. */
const userAgent = (folder: string): string => {
  const name = packageManager(folder);
  const isNamed = (text: string | undefined): text is string => text?.startsWith(`${name}@`) === true;
  const named = [...foldersUp(folder)].map((above) => readPackage(above)?.packageManager).find(isNamed);
  const version = named?.slice(name.length + 1).replace(/\+.*/, "") ?? usualVersion(name, folder);
  const own = name === "npm" ? [] : ["npm/?"];
  return [`${name}/${version}`, ...own, `node/${process.version}`, process.platform, process.arch].join(" ");
};

/** The version if the project names none. Tools only tell yarn 1 from the later ones. */
const usualVersion = (name: string, folder: string): string => {
  if (name !== "yarn") return "?";
  return [...foldersUp(folder)].some((above) => exists(join(above, ".yarnrc.yml"))) ? "4.0.0" : "1.22.0";
};

/**
 * Whether commands of this instance reach no host. They do reach hosts if the instance is not confined, or if the user
 * allowed hosts.
 */
const hasNoNetwork = (): boolean =>
  process.env.CODITECT_CONFINED === "1" && process.env.HTTPS_PROXY === undefined;

const withoutNetwork = {
  // npx would try for more than a minute.
  npm_config_offline: "true",
  // `uv run` would install the project again.
  UV_OFFLINE: "1",
  UV_NO_SYNC: "1",
};

/** pnpm would download the version that `packageManager` names, instead of running the script with the present one. */
const withPresentPnpm = {
  npm_config_manage_package_manager_versions: "false",
  pnpm_config_pm_on_fail: "ignore",
};

/** Variables by which package managers run scripts where they reach no host. */
export const networkVariables = (folder: string): Record<string, string> =>
  hasNoNetwork() ? { ...withoutNetwork, ...(isOfPnpm(folder) ? withPresentPnpm : {}) } : {};

/** A package's own `npm test`, with what npm runs before and after it; null if it has none. */
export const packageTestCommand = (folder: string): ProjectCommand | null => {
  const manifest = readPackage(folder);
  if (manifest === null || !hasTestScript(manifest.scripts)) return null;
  const { scripts, name, version } = manifest;
  const lines = ["pretest", "test", "posttest"].flatMap((each) => scripts[each] ?? []);
  return {
    folder,
    shown: packageManager(folder) === "bun" ? ["bun", "run", "test"] : [packageManager(folder), "test"],
    lines,
    env: withPackages(folder, {
      npm_lifecycle_event: "test",
      npm_command: "test",
      npm_config_user_agent: userAgent(folder),
      ...networkVariables(folder),
      npm_package_json: join(folder, "package.json"),
      ...(name === undefined ? {} : { npm_package_name: name }),
      ...(version === undefined ? {} : { npm_package_version: version }),
      INIT_CWD: folder,
    }),
  };
};
