import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { withoutByteOrderMark } from "../../schemas/plain-text.ts";
import { fail } from "../../schemas/errors.ts";
import { readInside } from "./open.ts";
import { readFolder } from "./walk.ts";

const CONFIGURATION_FOLDER = ".coditect";
/** The MCP servers of a workspace. Contract: "Files in the workspace". */
export const MCP_FILE = ".coditect/mcp.json";
/** What runs before and after runs, stages, tool calls and change sets. */
export const HOOKS_FILE = ".coditect/hooks.json";
/** The state has its own stamp, and lessons come from the user's own feedback. */
const notConfiguration: ReadonlySet<string> = new Set([".coditect/state", ".coditect/lessons.md"]);
const MOST_FILES = 500;
const MOST_BYTES = 1 << 20;

export interface ConfigurationFile {
  /** From the workspace. */
  path: string;
  bytes: Buffer;
}

/**
 * What a workspace says about agents and teams: every file of `.coditect/`, in the order of their paths.
 * Errors: `outside_workspace` for a link that leads out, `not_a_text_file`, `file_too_large`.
 */
export const configurationFiles = (workspace: string): ConfigurationFile[] => {
  const files: ConfigurationFile[] = [];
  const folders = [CONFIGURATION_FOLDER];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    // Links to folders are not followed, because their contents do not belong to this workspace.
    if (lstatSync(join(workspace, folder), { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    for (const entry of readFolder(join(workspace, folder))) {
      const path = `${folder}/${entry.name}`;
      if (notConfiguration.has(path)) continue;
      if (entry.isDirectory()) folders.push(path);
      else {
        const bytes = readInside(workspace, path, { most: MOST_BYTES });
        if (bytes !== null) files.push({ path, bytes });
      }
      if (files.length + folders.length > MOST_FILES)
        throw fail("file_too_large", {
          path: CONFIGURATION_FOLDER,
          size: `more than ${MOST_FILES} files`,
          limit: `${MOST_FILES} files`,
        });
    }
  }
  return files.sort((left, right) => (left.path < right.path ? -1 : 1));
};

/** The text of a file without a byte order mark. */
export const textOf = (bytes: Buffer): string => withoutByteOrderMark(bytes.toString("utf8"));

/** Changes with every byte and every name of these files. */
export const configurationHash = (files: readonly ConfigurationFile[]): string => {
  const hash = createHash("sha256");
  for (const { path, bytes } of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  // Half of the hash is more than enough, and short enough to type.
  return hash.digest("hex").slice(0, 32);
};
