import { basename } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { WorkspacePath } from "../../schemas/primitives.ts";
import type { Overlay } from "../../schemas/run.ts";
import { decodeText, withLineEnding } from "../workspace/encoding.ts";
import { demandOpen, type IgnoreRules } from "../workspace/ignore.ts";
import { readInside } from "../workspace/open.ts";
import { confine, toWorkspacePath } from "../workspace/paths.ts";

/** Longest file a task can be about. */
const LONGEST_FILE = 1024 * 1024;

/**
 * The file a task is about, as agents see it. Errors: `outside_workspace`, `ignored_file`,
 * `file_not_found`, `not_a_text_file` (a folder, or binary), `file_too_large`.
 */
export const readTarget = (
  workspace: string,
  written: string,
  rules: IgnoreRules,
  overlays: readonly Overlay[] = [],
): { path: WorkspacePath; text: string } => {
  const path = toWorkspacePath(written);
  confine(workspace, path);
  demandOpen(rules, path);
  const overlay = overlays.find((candidate) => candidate.path === path);
  const text = overlay?.text ?? textOnDisk(workspace, path);
  return { path, text: withLineEnding(text, "\n") };
};

const textOnDisk = (workspace: string, path: string): string => {
  const bytes = readInside(workspace, path, { most: LONGEST_FILE });
  if (bytes === null) throw fail("file_not_found", { path, workspace: basename(workspace) });
  const decoded = decodeText(bytes);
  if (decoded === null) throw fail("not_a_text_file", { path, kind: "a binary file" });
  return decoded.text;
};
