import type { Overlay } from "../../schemas/run.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { readInside } from "../workspace/open.ts";

const LARGEST_BYTES = 1024 * 1024;

/**
 * Environment files of the workspace that tests may read because the user said so. Only a file in version
 * control can be opened, and none that a .coditectignore closes.
 */
export const openedFiles = (workspace: string, paths: readonly string[]): Overlay[] => {
  if (paths.length === 0) return [];
  const rules = ignoreRules(workspace);
  return paths.flatMap((path) => {
    const bytes = rules.mayBeOpened(path) ? readInside(workspace, path, { most: LARGEST_BYTES }) : null;
    return bytes === null ? [] : [{ path, text: bytes.toString("utf8") }];
  });
};
