/** Frames of a video as JPEG with their times in seconds, or the reason why there are none. */
export type VideoFrames = { frames: { second: number; picture: Buffer }[] } | { problem: string };

/** Takes frames of a video. `video`: an absolute path. */
export type TakeFrames = (video: string, signal: AbortSignal) => Promise<VideoFrames>;
