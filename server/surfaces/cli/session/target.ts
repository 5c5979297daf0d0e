import { readFile, rm, stat } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve, sep } from "node:path";
import { withoutByteOrderMark } from "../../../../schemas/plain-text.ts";
import { CoditectError, fail } from "../../../../schemas/errors.ts";
import type { Json } from "../../../../schemas/primitives.ts";
import type { RunFlags } from "./options.ts";
import { decodeText } from "../../../workspace/encoding.ts";
import { readInside } from "../../../workspace/open.ts";

/** The workspace, file and task of a run. */
export interface Target {
  /** Absolute path. */
  workspace: string;
  /** Path inside the workspace. */
  file: string | null;
  task: string;
  data: Json;
  /** Whether it is a fresh copy of the sample project. */
  isSample: boolean;
  /** Removes files that were created only for a run that did not start. */
  discard(): Promise<void>;
}

/**
 * The workspace, file and task of a run. The workspace is `--workspace` or the current folder. FILE is
 * relative to the current folder. Without FILE, the rehearsal works on its own sample project. Errors:
 * `file_not_found`, `outside_workspace`, `not_a_text_file`.
 */
export const findTarget = async (
  workflow: string,
  file: string | undefined,
  flags: RunFlags,
  currentFolder: string,
): Promise<Target> => {
  if (flags.provider === "rehearsal" && file === undefined && flags.workspace === undefined)
    return sampleTarget(workflow, flags, currentFolder);
  const workspace = await findWorkspace(flags, currentFolder);
  const path = file === undefined ? null : await insideWorkspace(workspace, file, currentFolder);
  // Checked before looking for a model, because without the file there is no task.
  if (path !== null && readInside(workspace, path) === null)
    throw fail("file_not_found", { path, workspace: basename(workspace) });
  return {
    workspace,
    file: path,
    task: await textOrFile(flags.task ?? "", currentFolder),
    data: taskData(flags, workspace, path),
    isSample: false,
    discard: () => Promise.resolve(),
  };
};

/** `--diff BASE` or `--lines A-B` as the data of a task. Null: neither. */
const taskData = (
  { diff, lines }: Pick<RunFlags, "diff" | "lines">,
  workspace: string,
  path: string | null,
): Json => {
  if (diff !== undefined) return { diff_base: diff };
  if (lines === undefined) return null;
  if (path === null) throw fail("usage", { problem: "--lines needs a FILE." });
  const bytes = readInside(workspace, path);
  if (bytes === null) throw fail("file_not_found", { path, workspace });
  const text = bytes.toString("utf8");
  const chosen = text.split(/\r?\n/).slice(lines.start_line - 1, lines.end_line);
  if (chosen.length === 0) throw fail("usage", { problem: `${path} has no line ${lines.start_line}.` });
  return { selection: { path, ...lines, text: chosen.join("\n") } };
};

const sampleTarget = async (workflow: string, flags: RunFlags, currentFolder: string): Promise<Target> => {
  const { builtInScript, copySample } = await import("../../../rehearsal/built-in.ts");
  const script = await builtInScript(workflow);
  const workspace = await copySample();
  return {
    workspace,
    file: script.file,
    task: flags.task === undefined ? script.task : await textOrFile(flags.task, currentFolder),
    data: script.data,
    isSample: true,
    discard: () => rm(workspace, { recursive: true, force: true }),
  };
};

/** The absolute path of `--workspace` or the current folder. */
export const findWorkspace = async (
  flags: { workspace?: string | undefined },
  currentFolder: string,
): Promise<string> => {
  const workspace = resolve(currentFolder, flags.workspace ?? ".");
  const found = await stat(workspace).catch(() => null);
  if (found?.isDirectory() === true) return workspace;
  throw fail("usage", { problem: `${workspace} is not a folder.` });
};

/** FILE in the current folder if it exists there, otherwise in the workspace. */
const insideWorkspace = async (workspace: string, file: string, currentFolder: string): Promise<string> => {
  const fromHere = resolve(currentFolder, file);
  const isHere = await stat(fromHere).then(
    () => true,
    () => false,
  );
  const path = relative(workspace, isHere ? fromHere : resolve(workspace, file));
  if (path === "" || path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path))
    throw fail("outside_workspace", { path: file, workspace });
  return path.split(sep).join("/");
};

/** TEXT, or with `@FILE` the contents of the file. */
export const textOrFile = async (task: string, currentFolder: string): Promise<string> => {
  if (!task.startsWith("@")) return task;
  const path = task.slice(1);
  try {
    return textOf(await readFile(resolve(currentFolder, path)), path).trim();
  } catch (error) {
    if (error instanceof CoditectError) throw error;
    throw fail("file_not_found", { path, workspace: currentFolder }, { cause: error });
  }
};

/** Control characters that do not occur in texts, and code points that are not characters. */
const notText = /[\0-\x08\x0e-\x1a\x1c-\x1f\ufffe\uffff]/;

/**
 * Whether bytes without a byte order mark are UTF-16 with the lower byte first: most such texts contain many
 * characters whose upper byte is zero, and no other zero.
 */
const looksWide = (bytes: Buffer): boolean => {
  if (bytes.length % 2 !== 0) return false;
  const zeros = [0, 0];
  for (const [index, byte] of bytes.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [lower = 0, upper = 0] = zeros;
  return lower === 0 && upper > bytes.length / 8;
};

/**
 * The text of a file in the encodings of editors and shells: UTF-8, UTF-16 in either byte order, with or
 * without a byte order mark, or one byte for each character. Error: `not_a_text_file`.
 */
const textOf = (bytes: Buffer, path: string): string => {
  const [first, second] = bytes;
  const isSwapped = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  const units = isSwapped ? Buffer.from(whole).swap16() : whole;
  const isWide = (first === 0xff && second === 0xfe) || isSwapped || looksWide(bytes);
  const text = isWide ? units.toString("utf16le") : decodeText(bytes)?.text;
  if (text === undefined || !text.isWellFormed() || notText.test(text))
    throw fail("not_a_text_file", { path, kind: "a binary file" });
  return withoutByteOrderMark(text);
};
