import { existsSync } from "node:fs";
import type { FileChange } from "../../../schemas/changes.ts";
import { WorkspacePath } from "../../../schemas/primitives.ts";
import type { Overlay } from "../../../schemas/run.ts";
import { decodeText, fromFileContent } from "../../workspace/encoding.ts";
import { readIfPossible } from "../../workspace/open.ts";
import { confine } from "../../workspace/paths.ts";

/** A state of the workspace: the user's files, with unsaved text on top and changes on top of both. */
export interface WorkspaceView {
  /** The text of a file; null if it does not exist, is not text, or is outside. */
  readText: (path: string) => Promise<string | null>;
  exists: (path: string) => Promise<boolean>;
  /** Whether the changes include this file. */
  isChanged(path: string): boolean;
  /** The text of changes and unsaved files, for readers that take the rest from the disk. */
  overlays(): Overlay[];
}

export const viewWorkspace = (
  workspace: string,
  overlays: readonly Overlay[],
  changes: readonly FileChange[],
): WorkspaceView => {
  const changed = new Map(changes.map((change) => [change.path, change.content]));
  const unsaved = new Map(overlays.map((overlay) => [overlay.path, overlay.text]));

  const inside = (path: string): string | null => {
    const parsed = WorkspacePath.safeParse(path);
    if (!parsed.success) return null;
    try {
      return confine(workspace, parsed.data);
    } catch {
      return null;
    }
  };

  const bytes = async (path: string): Promise<Buffer | null> => {
    const content = changed.get(path);
    if (content !== undefined) return content === null ? null : fromFileContent(content);
    const text = unsaved.get(path);
    if (text !== undefined) return Buffer.from(text);
    return Promise.resolve(readIfPossible(workspace, path));
  };

  const textOf = (buffer: Buffer | null): string | null =>
    buffer === null ? null : (decodeText(buffer)?.text ?? null);

  return {
    readText: async (path) => textOf(await bytes(path)),
    exists: (path) => {
      const content = changed.get(path);
      if (content !== undefined) return Promise.resolve(content !== null);
      const below = changes.some((change) => change.content !== null && change.path.startsWith(`${path}/`));
      const file = inside(path);
      return Promise.resolve(below || unsaved.has(path) || (file !== null && existsSync(file)));
    },
    isChanged: (path) => changed.has(path),
    overlays: () => [
      ...overlays.filter((overlay) => !changed.has(overlay.path)),
      ...changes.flatMap(({ path, content }) => {
        const text = content === null ? null : textOf(fromFileContent(content));
        return text === null ? [] : [{ path, text }];
      }),
    ],
  };
};
