import { createHash } from "node:crypto";
import { presentState } from "../../schemas/change-outcome.ts";
import type { ChangedFile, PresentState } from "../../schemas/changes.ts";
import { CoditectError } from "../../schemas/errors.ts";
import type { Overlay } from "../../schemas/run.ts";
import type { Objects } from "../store/store.ts";
import { decodeText, encodeText } from "../workspace/encoding.ts";
import { readInside } from "../workspace/open.ts";

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The bytes of a file of the workspace; `null` if there is none. Error: `outside_workspace`. */
export const readWorkspaceFile = async (workspace: string, path: string): Promise<Buffer | null> => {
  try {
    return await Promise.resolve(readInside(workspace, path));
  } catch (error) {
    if (error instanceof CoditectError && error.code === "not_a_text_file") return null;
    throw error;
  }
};

/** What a changed file is in the workspace now, on the disk. */
export const presentStateOf = async (workspace: string, file: ChangedFile): Promise<PresentState> => {
  const bytes = await readWorkspaceFile(workspace, file.path);
  return presentState(file, bytes === null ? null : sha256Of(bytes));
};

export type ReadObjects = Pick<Objects, "get">;

/** The bytes of an object; `null` if they were never kept or are not kept any more. */
export const kept = async (objects: ReadObjects, sha256: string): Promise<Buffer | null> => {
  try {
    return await objects.get(sha256);
  } catch (error) {
    if (error instanceof CoditectError && error.code === "not_found") return null;
    throw error;
  }
};

/** A file as agents see it: an unsaved text in the encoding of the file on disk, or the disk's. */
export const presentBytes = async (
  workspace: string,
  path: string,
  overlays: readonly Overlay[],
): Promise<{ disk: Buffer | null; overlay: Buffer | null }> => {
  const disk = await readWorkspaceFile(workspace, path);
  const text = overlays.find((overlay) => overlay.path === path)?.text;
  if (text === undefined) return { disk, overlay: null };
  const encoding = (disk === null ? null : decodeText(disk)?.encoding) ?? "utf8";
  return { disk, overlay: encodeText(text, encoding, path) };
};
