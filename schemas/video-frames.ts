/** Pictures (JPEG) of a video with their moments in seconds, or why there are none, in words. */
export type VideoFrames = { frames: { second: number; picture: Buffer }[] } | { problem: string };

/** Takes frames of a video. `video`: an absolute path. */
export type TakeFrames = (video: string, signal: AbortSignal) => Promise<VideoFrames>;
