import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
import { withoutByteOrderMark } from "../../../schemas/plain-text.ts";
import { pnpOptions, pnpPackages, readPnpFile } from "../../workspace/pnp.ts";
import { exists } from "../../workspace/file-access.ts";

const Names = z.record(z.string(), z.string()).catch({});

/** The used fields of a package.json. Invalid fields count as missing. */
const PackageJson = z.object({
  name: z.string().optional().catch(undefined),
  version: z.string().optional().catch(undefined),
  packageManager: z.string().optional().catch(undefined),
  scripts: Names.default({}),
  dependencies: Names.default({}),
  devDependencies: Names.default({}),
  jest: z.unknown().optional(),
  mocha: z.unknown().optional(),
  ava: z.unknown().optional(),
});
export type PackageJson = z.infer<typeof PackageJson>;

/** The package.json of a folder; null if it is missing or cannot be read. */
export const readPackage = (folder: string): PackageJson | null => {
  try {
    const text = readFileSync(join(folder, "package.json"), "utf8");
    return PackageJson.parse(JSON.parse(withoutByteOrderMark(text)));
  } catch {
    return null;
  }
};

/** The text of a file in a folder; empty if it cannot be read. */
export const textOf = (folder: string, name: string): string => {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return "";
  }
};

/** The folder and those above it, up to the top of the file system. */
export function* foldersUp(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}

const Manifest = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]) });

/** The script of an installed package's program, found in the same way as Node and yarn do; null if not installed. */
export const installedProgram = (folder: string, name: string, program = name): string | null => {
  const home = homeOf(folder, name);
  if (home === null) return null;
  const manifest = Manifest.safeParse(JSON.parse(manifestText(home) ?? "null"));
  if (!manifest.success) return null;
  const { bin } = manifest.data;
  const script = typeof bin === "string" ? bin : bin[program];
  return script === undefined ? null : join(home, script);
};

/** The folder of an installed package, which may be in one of yarn's archives. */
const homeOf = (folder: string, name: string): string | null => {
  const homes = [...foldersUp(folder)].map((above) => join(above, "node_modules", name));
  const found = homes.find((home) => exists(join(home, "package.json")));
  if (found !== undefined) return found;
  const place = pnpPackages(folder).get(name) ?? null;
  return place !== null && manifestText(place) !== null ? place : null;
};

const manifestText = (home: string): string | null =>
  readPnpFile(home, "package.json")?.toString("utf8") ?? null;

export const isInstalled = (folder: string, name: string): boolean => homeOf(folder, name) !== null;

/** The script's own variables, and the options that Node needs to find the packages of the folder. */
export const withPackages = (
  folder: string,
  env: Readonly<Record<string, string>>,
): Record<string, string> => {
  const options = pnpOptions(folder);
  return options === null
    ? { ...env }
    : { ...env, NODE_OPTIONS: `${options} ${env.NODE_OPTIONS ?? ""}`.trim() };
};

/** The PATH that npm sets for scripts. The programs of the package and the packages around it come first. */
export const pathWithPrograms = (folder: string): string =>
  [
    ...[...foldersUp(folder)].map((above) => join(above, "node_modules", ".bin")).filter((at) => exists(at)),
    process.env.PATH ?? "",
  ].join(delimiter);

/** The path of a program on PATH; null if there is none. The packages of `packagesOf` take precedence. */
export const programOnPath = (name: string, packagesOf: string | null = null): string | null => {
  const path = packagesOf === null ? (process.env.PATH ?? "") : pathWithPrograms(packagesOf);
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const folder of path.split(delimiter))
    for (const file of names) if (folder !== "" && exists(join(folder, file))) return join(folder, file);
  return null;
};

/** The Node that runs scripts. It is our own, unless that is an editor's executable. */
export const nodeProgram = (): string =>
  (process.versions.electron === undefined ? null : programOnPath("node")) ?? process.execPath;

/** The variables with which an editor's executable acts as Node. Empty for a real Node. */
export const nodeVariables = (): Record<string, string> =>
  process.versions.electron !== undefined && nodeProgram() === process.execPath
    ? { ELECTRON_RUN_AS_NODE: "1" }
    : {};

/** Whether pnpm runs the scripts of this folder. npm warns of variables that only pnpm knows. */
export const isOfPnpm = (folder: string): boolean =>
  [...foldersUp(folder)].some(
    (above) =>
      exists(join(above, "pnpm-lock.yaml")) ||
      exists(join(above, "pnpm-workspace.yaml")) ||
      readPackage(above)?.packageManager?.startsWith("pnpm@") === true,
  );
