import type { PackageJson } from "./package.ts";

/** The runners of JavaScript, in the order in which they are tried. */
export const nodeRunners = [
  "vitest",
  "jest",
  "mocha",
  "ava",
  "jasmine",
  "tap",
  "tape",
  "uvu",
  "karma",
  "bun",
  "playwright",
  "cypress",
] as const;
export type NodeRunner = (typeof nodeRunners)[number];

const configurationOf: Record<NodeRunner, RegExp> = {
  vitest: /^vitest\.(config|workspace)\.[cm]?[jt]s$/,
  jest: /^jest\.config\.([cm]?[jt]s|json)$/,
  mocha: /^\.mocharc\.([cm]?js|jsonc?|ya?ml)$/,
  ava: /^ava\.config\.[cm]?js$/,
  jasmine: /^jasmine\.([cm]?js|json)$/,
  tap: /^\.taprc$/,
  tape: /^$/,
  uvu: /^$/,
  karma: /^karma\.conf\.[cm]?[jt]s$/,
  bun: /^(bun\.lockb?|bunfig\.toml)$/,
  playwright: /^playwright(-ct)?\.config\.[cm]?[jt]s$/,
  cypress: /^cypress\.config\.[cm]?[jt]s$/,
};

/**
 * The only runner that the package configures, and the file that does. It runs single files of a package whose test
 * script starts a program of its own. Null: none or several.
 */
export const configuredRunner = (
  manifest: PackageJson | null,
  names: readonly string[],
): { runner: NodeRunner; source: string } | null => {
  const configured = nodeRunners.flatMap((runner) => {
    const file = names.find((name) => configurationOf[runner].test(name));
    const source = file ?? (manifest !== null && hasSettings(manifest, runner) ? "package.json" : null);
    // The files of Bun say who installs the packages, not who runs the tests.
    return source === null || runner === "bun" ? [] : [{ runner, source }];
  });
  return configured.length === 1 ? (configured[0] ?? null) : null;
};

/** The file that names the runner, which is its configuration or the manifest; null if there is none. */
export const sourceOf = (
  runner: NodeRunner,
  manifest: PackageJson | null,
  names: readonly string[],
): string | null => {
  const configuration = names.find((name) => configurationOf[runner].test(name));
  return configuration ?? (manifest !== null && isNamedBy(manifest, runner) ? "package.json" : null);
};

const isNamedBy = (manifest: PackageJson, runner: NodeRunner): boolean =>
  runner in manifest.devDependencies ||
  runner in manifest.dependencies ||
  (runner === "playwright" && "@playwright/test" in manifest.devDependencies) ||
  hasSettings(manifest, runner);

/** Whether the manifest itself contains the settings of the runner. */
const hasSettings = (manifest: PackageJson, runner: NodeRunner): boolean =>
  (runner === "jest" || runner === "mocha" || runner === "ava") && manifest[runner] !== undefined;
