import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import type { TakeFrames, VideoFrames } from "../../schemas/video-frames.ts";
import { findProgram } from "../workspace/find-program.ts";
import { readIfPossible } from "../workspace/open.ts";
import { type SandboxOptions, ServerSandbox } from "./server-sandbox.ts";

/** Frames of a video that agents get. */
const FRAMES = 4;
/** The longest side of a frame in pixels. Services scale larger pictures down. */
const LONGEST_SIDE = 1280;
const MILLISECONDS = 30_000;
const MOST_PRINTED = 1 << 20;
/** No frame of this size has as many bytes. */
const LARGEST_FRAME = 8 << 20;
/** Videos whose frames are kept for the next stage. */
const MOST_KNOWN = 4;
/** A playlist with the name of a video must not make ffmpeg open other addresses. */
const filesOnly = ["-v", "error", "-protocol_whitelist", "file"];

const run = promisify(execFile);

interface Printed {
  folder: string;
  text: string;
}

/** Runs a program in a sandbox that sees the workspace. It writes to the folder that it starts in. */
const runConfined = async (
  sandbox: ServerSandbox,
  command: string,
  args: string[],
  signal: AbortSignal,
): Promise<Printed> => {
  const confined = await sandbox.command({ command, args, env: {}, sandbox: "on" }, {});
  const { stdout } = await run(confined.command, confined.args, {
    ...{ cwd: confined.folder, env: confined.env, signal, killSignal: "SIGKILL" as const },
    maxBuffer: MOST_PRINTED,
  });
  return { folder: confined.folder, text: stdout };
};

/** The moments of the frames in seconds, in the middle of equal parts. Without a length, the first seconds. */
const momentsOf = (seconds: number): number[] =>
  Array.from({ length: FRAMES }, (_, index) =>
    Number.isFinite(seconds) && seconds > 0 ? ((index + 0.5) * seconds) / FRAMES : index,
  );

const sample = async (
  sandbox: ServerSandbox,
  programs: { ffmpeg: string; ffprobe: string },
  video: string,
  signal: AbortSignal,
): Promise<VideoFrames> => {
  const length = [...filesOnly, "-show_entries", "format=duration", "-of", "csv=p=0", video];
  const { text } = await runConfined(sandbox, programs.ffprobe, length, signal);
  const moments = momentsOf(Number(text.trim()));
  const scale = `scale='min(${LONGEST_SIDE},iw)':'min(${LONGEST_SIDE},ih)':force_original_aspect_ratio=decrease`;
  const inputs = moments.flatMap((moment) => [
    ...["-protocol_whitelist", "file", "-ss", moment.toFixed(3), "-i", video],
  ]);
  const outputs = moments.flatMap((_, index) => [
    ...["-map", `${index}:v:0`, "-frames:v", "1", "-vf", scale, "-q:v", "4", `frame-${index}.jpg`],
  ]);
  const { folder } = await runConfined(
    sandbox,
    programs.ffmpeg,
    ["-v", "error", "-nostdin", ...inputs, ...outputs],
    signal,
  );
  const frames = moments.flatMap((second, index) => {
    // A video may be shorter than it says. One that takes over ffmpeg may write a link or a pipe instead.
    const picture = readIfPossible(folder, `frame-${index}.jpg`, { most: LARGEST_FRAME });
    return picture === null ? [] : [{ second, picture }];
  });
  return frames.length === 0 ? { problem: "ffmpeg found no frame in it" } : { frames };
};

const problemOf = (error: unknown): string => {
  if (error instanceof Error && error.name === "AbortError")
    return `ffmpeg needed longer than ${MILLISECONDS / 1000} seconds`;
  const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  const [first = ""] = said === "" ? [String(error)] : said.split("\n");
  return `ffmpeg cannot read it: ${first.slice(0, 200)}`;
};

/**
 * Takes frames of a video with the user's ffmpeg, in the sandbox of MCP servers, because a video may come from
 * anybody. `video`: an absolute path in the workspace. Frames of the same state of a file are taken once. After
 * a problem they are tried again, because the user may have solved it.
 */
export const createVideoFrames = (options: SandboxOptions): TakeFrames => {
  const known = new Map<string, VideoFrames>();

  const take = async (video: string, signal: AbortSignal): Promise<VideoFrames> => {
    const { workspace } = options;
    const [ffmpeg, ffprobe] = [findProgram("ffmpeg", workspace), findProgram("ffprobe", workspace)];
    if (ffmpeg === null || ffprobe === null)
      return { problem: "ffmpeg is not installed, which takes pictures of its frames" };
    const sandbox = new ServerSandbox(options);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(MILLISECONDS)]);
    try {
      return await sample(sandbox, { ffmpeg, ffprobe }, video, limited);
    } catch (error) {
      signal.throwIfAborted();
      return { problem: problemOf(error) };
    } finally {
      await sandbox.close();
    }
  };

  return async (video, signal) => {
    const stats = await stat(video).catch(() => null);
    if (stats === null) return { problem: "its file cannot be read" };
    const key = `${video}\n${stats.mtimeMs}\n${stats.size}`;
    const taken = known.get(key) ?? (await take(video, signal));
    if ("problem" in taken) return taken;
    known.set(key, taken);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size > MOST_KNOWN) known.delete(oldest);
    return taken;
  };
};
