import { statSync } from "node:fs";
import { CoditectError } from "../../schemas/errors.ts";
import type { ContextItem } from "../../schemas/execution.ts";
import type { TakeFrames } from "../../schemas/video-frames.ts";
import { ignoreRules, type IgnoreRules } from "../workspace/ignore.ts";
import { readIfPossible } from "../workspace/open.ts";
import { confine, toWorkspacePath } from "../workspace/paths.ts";
import type { LeftOut } from "./budget.ts";
import { extensionOf } from "./kinds.ts";

/** The kinds that all providers take. */
const mimeTypes = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
]);

/** A limit, because every stage sends and stores each picture. Frames of videos do not count. */
const MOST_PICTURES = 4;
const LARGEST_PICTURE = 1024 * 1024;

const pathWord = /[^\s"'`<>()[\]{},;:!?|*]+/g;
const pictureName = /^.*\.(?:png|jpe?g|gif|webp|mp4|m4v|mov|webm|mkv|avi)\b/i;
/** No file system accepts a longer path. A picture that is embedded in the task is one long word. */
const LONGEST_PATH = 4096;

/** Words of the text that could be the path of a picture or a video. Linear: the text may hold whole files. */
const pathsIn = (text: string): Set<string> =>
  new Set(
    (text.match(pathWord) ?? []).flatMap((word) =>
      word.length > LONGEST_PATH ? [] : (pictureName.exec(word)?.[0] ?? []),
    ),
  );

interface Named {
  items: ContextItem[];
  left_out: LeftOut[];
}

/**
 * Finds pictures of the workspace that a task names by path, such as the screenshot of a bug, and takes frames
 * of videos. Lists those that it must leave out, with the reason. Ignores paths outside of the workspace.
 */
export const picturesNamed = async (
  task: string,
  workspace: string,
  takeFrames: TakeFrames,
  signal: AbortSignal,
): Promise<Named> => {
  const items: ContextItem[] = [];
  const leftOut: LeftOut[] = [];
  const videos: string[] = [];
  const names = pathsIn(task);
  if (names.size === 0) return { items, left_out: leftOut };
  const rules = ignoreRules(workspace);
  for (const written of names) {
    const found = find(written, workspace, rules);
    if (found === null) continue;
    const { name, size } = found;
    const mime_type = mimeTypes.get(extensionOf(name));
    if (mime_type === undefined) {
      videos.push(name);
    } else if (items.length === MOST_PICTURES) {
      leftOut.push({ name, reason: `only ${MOST_PICTURES} pictures are given` });
    } else if (size > LARGEST_PICTURE) {
      leftOut.push({ name, reason: "it is larger than 1 MB" });
    } else {
      const bytes = readIfPossible(workspace, name, { most: LARGEST_PICTURE });
      if (bytes === null) continue;
      const content = bytes.toString("base64");
      items.push({ context_type: "DataFile", name, content, mime_type });
    }
  }
  const [video, ...others] = videos;
  leftOut.push(...others.map((name) => ({ name, reason: "only frames of one video are given" })));
  const shown = video === undefined ? null : await framesOf(video, workspace, takeFrames, signal);
  return {
    items: [...items, ...(shown?.items ?? [])],
    left_out: [...leftOut, ...(shown?.left_out ?? [])],
  };
};

/** Agents get frames of a video as pictures, because models do not accept videos. */
const framesOf = async (
  name: string,
  workspace: string,
  takeFrames: TakeFrames,
  signal: AbortSignal,
): Promise<Named> => {
  const taken = await takeFrames(confine(workspace, name), signal);
  if ("problem" in taken) {
    const reason = `agents cannot see videos, and ${taken.problem}; name pictures of its frames instead`;
    return { items: [], left_out: [{ name, reason }] };
  }
  const items = taken.frames
    .filter(({ picture }) => picture.length <= LARGEST_PICTURE)
    .map(({ second, picture }) => ({
      ...{ context_type: "DataFile" as const, name: `${name}, frame at ${second.toFixed(1)} s` },
      ...{ content: picture.toString("base64"), mime_type: "image/jpeg" },
    }));
  return { items, left_out: [] };
};

const find = (
  written: string,
  workspace: string,
  rules: IgnoreRules,
): { name: string; size: number } | null => {
  try {
    const name = toWorkspacePath(written);
    const place = confine(workspace, name);
    const stats = statSync(place, { throwIfNoEntry: false });
    return stats?.isFile() === true && rules.closedBy(name) === null ? { name, size: stats.size } : null;
  } catch (error) {
    if (error instanceof CoditectError) return null; // Outside of the workspace.
    throw error;
  }
};
