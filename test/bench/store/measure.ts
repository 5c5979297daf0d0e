import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender, Open } from "./contenders.ts";
import { execution } from "./record.ts";

/** Runs `work` in a folder of its own with the contender filled. */
export const withContender = async <Result>(
  open: Open,
  size: number,
  work: (contender: Contender, folder: string) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-bench-"));
  const contender = await open(folder, size);
  try {
    return await work(contender, folder);
  } finally {
    await contender.close();
    await rm(folder, { recursive: true, force: true });
  }
};

/** Commits per second of `callers` that each wait for their commit before the next. */
export const commitsPerSecond = async (
  { commit }: Contender,
  { size, callers, seconds }: { size: number; callers: number; seconds: number },
): Promise<number> => {
  const begin = performance.now();
  const until = begin + seconds * 1000;
  let done = 0;
  const call = async (caller: number): Promise<void> => {
    for (let turn = 0; performance.now() < until; turn += 1) {
      // Spread over all records: a prime step visits each of them.
      await commit(execution((caller * 7919 + turn * 104_729) % size, turn));
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return done / ((performance.now() - begin) / 1000);
};

/** Milliseconds of the longest turn of the event loop. */
export interface LongestTurn {
  /** By the clock: on a busy machine also what other programs took. */
  wall: number;
  /** On the processor: what was really done. */
  busy: number;
}

/** Watches the event loop while `work` runs. */
export const longestTurn = async (work: () => Promise<unknown>): Promise<LongestTurn> => {
  const longest = { wall: 0, busy: 0 };
  let isDone = false;
  let lastWall = performance.now();
  let lastBusy = processorTime();
  const watch = (): void => {
    const wall = performance.now();
    const busy = processorTime();
    longest.wall = Math.max(longest.wall, wall - lastWall);
    longest.busy = Math.max(longest.busy, busy - lastBusy);
    lastWall = wall;
    lastBusy = busy;
    if (!isDone) setImmediate(watch);
  };
  watch();
  await work();
  isDone = true;
  return longest;
};

const processorTime = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
