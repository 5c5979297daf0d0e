import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
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
    return PackageJson.parse(JSON.parse(text.replace(/^\uFEFF/, "")));
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

/** The script of an installed package's program, found as Node finds packages; `null`: not installed. */
export const installedProgram = (folder: string, name: string, program = name): string | null => {
  for (const above of foldersUp(folder)) {
    const home = join(above, "node_modules", name);
    if (!exists(join(home, "package.json"))) continue;
    const manifest = Manifest.safeParse(JSON.parse(readFileSync(join(home, "package.json"), "utf8")));
    if (!manifest.success) return null;
    const { bin } = manifest.data;
    const script = typeof bin === "string" ? bin : bin[program];
    return script === undefined ? null : join(home, script);
  }
  return null;
};

export const isInstalled = (folder: string, name: string): boolean =>
  [...foldersUp(folder)].some((above) => exists(join(above, "node_modules", name, "package.json")));

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
