import type { Overlay } from "../../schemas/run.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { readInside } from "../workspace/open.ts";

const LARGEST_BYTES = 1024 * 1024;

/**
 * Environment files of the workspace that the user allowed tests to read. A file must be in version control,
 * and no .coditectignore may match it.
 */
export const openedFiles = (workspace: string, paths: readonly string[]): Overlay[] => {
  if (paths.length === 0) return [];
  const rules = ignoreRules(workspace);
  return paths.flatMap((path) => {
    const bytes = rules.mayBeOpened(path) ? readInside(workspace, path, { most: LARGEST_BYTES }) : null;
    return bytes === null ? [] : [{ path, text: bytes.toString("utf8") }];
  });
};
