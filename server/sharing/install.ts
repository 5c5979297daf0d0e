import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import { parseJson } from "../../schemas/problems.ts";
import { Imports } from "../../schemas/shared-package.ts";
import { readInside } from "../workspace/open.ts";
import { confine } from "../workspace/paths.ts";
import { sha256Of, type PackagedFile, type ReadPackage } from "./read-package.ts";

const IMPORTS_FILE = ".coditect/imports.json";
const MOST_BYTES = 1 << 20;

const readImports = (workspace: string): Imports => {
  const bytes = readInside(workspace, IMPORTS_FILE, { most: MOST_BYTES });
  if (bytes === null) return { imports: [] };
  const read = parseJson(Imports, bytes.toString("utf8"));
  if ("problems" in read) throw fail("invalid_file", { path: IMPORTS_FILE, problems: read.problems });
  return read.value;
};

/** A file is written whole or not at all, and never through a link. */
const write = (workspace: string, { path, bytes }: PackagedFile): void => {
  confine(workspace, path);
  const target = join(workspace, path);
  mkdirSync(dirname(target), { recursive: true });
  if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw fail("outside_workspace", { path, workspace: "the workspace" });
  const temporary = `${target}.${randomBytes(6).toString("hex")}`;
  writeFileSync(temporary, bytes, { flag: "wx" });
  renameSync(temporary, target);
};

/** Paths in the workspace that hold something else than what an import wrote there. */
const taken = (workspace: string, files: readonly PackagedFile[], { imports }: Imports): string[] =>
  files
    .filter(({ path, bytes }) => {
      const present = readInside(workspace, path, { most: MOST_BYTES });
      if (present === null || present.equals(bytes)) return false;
      const hash = sha256Of(present);
      return !imports.some((entry) => entry.files[path] === hash);
    })
    .map(({ path }) => path);

/**
 * Writes the files of a package into `.coditect/` and notes where they come from. What a user wrote, or
 * changed since an import, is never replaced: then nothing is written. Errors: `import_in_the_way`,
 * `outside_workspace`, `invalid_file`.
 */
export const installPackage = (
  workspace: string,
  source: string,
  { sha256, files }: ReadPackage,
  now: Timestamp,
): void => {
  const known = readImports(workspace);
  const inTheWay = taken(workspace, files, known);
  if (inTheWay.length > 0) throw fail("import_in_the_way", { paths: inTheWay.join(", ") });
  for (const file of files) write(workspace, file);
  const entry = {
    source,
    sha256,
    files: Object.fromEntries(files.map(({ path, bytes }) => [path, sha256Of(bytes)])),
    imported_at: now,
  };
  const imports: Imports = {
    imports: [...known.imports.filter((other) => other.source !== source), entry],
  };
  write(workspace, {
    path: IMPORTS_FILE,
    bytes: Buffer.from(`${JSON.stringify(imports, null, 2)}\n`),
  });
};
