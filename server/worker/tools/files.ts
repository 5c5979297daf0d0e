import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileChange } from "../../../schemas/changes.ts";
import { fail } from "../../../schemas/errors.ts";
import type { WriteAccess } from "../../../schemas/gates.ts";
import { classifyPath, mayWrite, type PathKind } from "../../workspace/classify.ts";
import { decodeText, encodeText, toFileContent, type DecodedText } from "../../workspace/encoding.ts";
import { builtInRule } from "../../workspace/ignore.ts";
import { readInside } from "../../workspace/open.ts";
import { confine, relativePath, toWorkspacePath } from "../../workspace/paths.ts";
import { isDependency } from "../../workspace/walk.ts";
import { changesTestSettings } from "../copy/changes.ts";
import { closedBy, holds, originalOf, recordChange, type PrivateCopy } from "../copy/copy.ts";
import { writeAtomically } from "../copy/files.ts";
import { isExecutable, statFile } from "../copy/stamp.ts";

/** Largest file the tools open. */
const LARGEST_TEXT = 10 * 1024 * 1024;

/** A file of the copy, after links were followed. */
export interface FoundFile extends DecodedText {
  /** Where it really is, counted from the workspace. */
  path: string;
  executable: boolean;
}

const isInDependencies = (copy: PrivateCopy, path: string): boolean =>
  path
    .split("/")
    .some((_, index, segments) => isDependency(copy.root, segments.slice(0, index + 1).join("/")));

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

/**
 * A text file the agent may read; `null` when there is none. Dependencies can be read, secrets and
 * ignored files cannot. Errors: `outside_workspace`, `ignored_file`, `not_a_text_file`,
 * `file_too_large`.
 */
export const findFile = (copy: PrivateCopy, written: string): FoundFile | null => {
  const path = toWorkspacePath(written);
  const rule = isInDependencies(copy, path) ? builtInRule(path, false) : closedBy(copy, path);
  if (rule !== null) throw fail("ignored_file", { path, rule });
  const real = confine(copy.root, path, copy.dependencies);
  const stats = statFile(real);
  if (stats === null) return null;
  if (!stats.isFile()) {
    throw fail("not_a_text_file", { path, kind: stats.isDirectory() ? "a folder" : "a special file" });
  }
  if (stats.size > LARGEST_TEXT) {
    throw fail("file_too_large", { path, size: megabytes(stats.size), limit: megabytes(LARGEST_TEXT) });
  }
  const bytes = readInside(copy.root, path, { most: LARGEST_TEXT, alsoWithin: copy.dependencies });
  const decoded = bytes === null ? null : decodeText(bytes);
  if (decoded === null) throw fail("not_a_text_file", { path, kind: "a binary file" });
  return { ...decoded, path: relativePath(copy.root, real), executable: isExecutable(stats) };
};

/** The same for a file that must be there. Errors: also `file_not_found`. */
export const requireFile = (copy: PrivateCopy, written: string): FoundFile => {
  const found = findFile(copy, written);
  if (found === null) throw fail("file_not_found", { path: written, workspace: "the workspace's root" });
  return found;
};

const kindWords: Record<PathKind, string> = {
  test: "a test file",
  "test-config": "test configuration",
  document: "documentation",
  source: "a source file",
};

const accessWords: Record<WriteAccess, string> = {
  none: "no file",
  all: "every file",
  tests: "only tests and their configuration",
  sources: "everything but tests and their configuration",
  documents: "only documentation",
};

/**
 * The workspace path a write really goes to. Errors: `outside_workspace`, `ignored_file`,
 * `write_not_allowed`, `not_a_text_file` for a folder.
 */
export const writablePath = (copy: PrivateCopy, access: WriteAccess, written: string): string => {
  const asked = toWorkspacePath(written);
  const path = relativePath(copy.root, confine(copy.root, asked));
  for (const each of new Set([asked, path])) {
    const rule = closedBy(copy, each);
    if (rule !== null) throw fail("ignored_file", { path: each, rule });
    if (!mayWrite(access, each, copy.layout)) {
      const kind = kindWords[classifyPath(each, copy.layout)];
      throw fail("write_not_allowed", { path: each, kind, allowed: accessWords[access] });
    }
  }
  if (statFile(join(copy.root, path))?.isDirectory() === true) {
    throw fail("not_a_text_file", { path, kind: "a folder" });
  }
  return path;
};

/**
 * Writes a text in one step. Returns the change, or `null` if the file already has this content.
 * Errors: `not_encodable`; `write_not_allowed` if the text changes the tests or test settings of a file
 * that is otherwise writable.
 */
export const writeText = (
  copy: PrivateCopy,
  access: WriteAccess,
  path: string,
  { text, encoding }: DecodedText,
  executable: boolean,
): FileChange | null => {
  const bytes = encodeText(text, encoding, path);
  const target = join(copy.root, path);
  const isThere = statFile(target) !== null && readFileSync(target).equals(bytes);
  // The result of a test run counts as the agent's work only if the agent writes it, too.
  if (isThere && holds(copy, path, bytes)) return null;
  const content = toFileContent(bytes);
  if (changesTestSettings(copy, access, path, content)) {
    const kind = "partly tests or test configuration, which this write would change";
    throw fail("write_not_allowed", { path, kind, allowed: accessWords[access] });
  }
  writeAtomically(target, bytes, executable);
  const before = originalOf(copy, path)?.sha256 ?? null;
  const change: FileChange = { path, before, content, executable };
  recordChange(copy, change);
  return change;
};
