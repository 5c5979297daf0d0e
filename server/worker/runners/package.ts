import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
import { withoutByteOrderMark } from "../../../schemas/plain-text.ts";
import { pnpOptions, pnpPackages, readPnpFile } from "../../workspace/pnp.ts";
import { exists } from "../../workspace/file-access.ts";

const Names = z.record(z.string(), z.string()).catch({});

/** What of a package.json matters here; fields of another shape count as absent. */
const PackageJson = z.object({
  name: z.string().optional().catch(undefined),
  version: z.string().optional().catch(undefined),
  scripts: Names.default({}),
  dependencies: Names.default({}),
  devDependencies: Names.default({}),
  jest: z.unknown().optional(),
  mocha: z.unknown().optional(),
  ava: z.unknown().optional(),
});
export type PackageJson = z.infer<typeof PackageJson>;

/** The package.json of a folder; `null` if there is none that can be read. */
export const readPackage = (folder: string): PackageJson | null => {
  try {
    const text = readFileSync(join(folder, "package.json"), "utf8");
    return PackageJson.parse(JSON.parse(withoutByteOrderMark(text)));
  } catch {
    return null;
  }
};

/** A file of a folder as text; empty if it cannot be read. */
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

/** The script of an installed package's program, found as Node or yarn finds packages; `null`: not installed. */
export const installedProgram = (folder: string, name: string, program = name): string | null => {
  const home = homeOf(folder, name);
  if (home === null) return null;
  const manifest = Manifest.safeParse(JSON.parse(manifestText(home) ?? "null"));
  if (!manifest.success) return null;
  const { bin } = manifest.data;
  const script = typeof bin === "string" ? bin : bin[program];
  return script === undefined ? null : join(home, script);
};

/** The place of an installed package; it may be in one of yarn's archives. */
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

/** PATH as npm sets it for scripts: the programs of the package and of those around it first. */
export const pathWithPrograms = (folder: string): string =>
  [
    ...[...foldersUp(folder)].map((above) => join(above, "node_modules", ".bin")).filter((at) => exists(at)),
    process.env.PATH ?? "",
  ].join(delimiter);

/** A program on PATH, or of the packages of `packagesOf` first; `null` if it is not there. */
export const programOnPath = (name: string, packagesOf: string | null = null): string | null => {
  const path = packagesOf === null ? (process.env.PATH ?? "") : pathWithPrograms(packagesOf);
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const folder of path.split(delimiter))
    for (const file of names) if (folder !== "" && exists(join(folder, file))) return join(folder, file);
  return null;
};

/** The Node that runs scripts: our own, unless it is an editor's. */
export const nodeProgram = (): string =>
  (process.versions.electron === undefined ? null : programOnPath("node")) ?? process.execPath;

/** What an editor's own executable needs to act as Node; nothing for a real one. */
export const nodeVariables = (): Record<string, string> =>
  process.versions.electron !== undefined && nodeProgram() === process.execPath
    ? { ELECTRON_RUN_AS_NODE: "1" }
    : {};
