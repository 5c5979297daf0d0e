import type Dockerode from "dockerode";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { addAbortSignal, Readable } from "node:stream";
import { z } from "zod";
import type { WorkerUsage } from "../driver.ts";
import { WORKER_LIBRARIES, WORKER_NODE } from "./container.ts";
import { Demultiplexer } from "./demultiplexer.ts";

/** The fields of an engine's statistics that are read. A container that has ended has none of them. */
const Stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  memory_stats: z.object({
    usage: z.number(),
    stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().optional() }),
  }),
});
const Top = z.object({ Processes: z.array(z.array(z.string())) });

/** Counts the blocks of a folder's files. This is our own program, because not every image has `du`. */
const COUNT_BYTES = `const f=require("fs"),w=[process.argv[1]];let n=0;
for(const d of w)try{for(const e of f.readdirSync(d,{withFileTypes:true})){const p=d+"/"+e.name;
if(e.isDirectory())w.push(p);else try{const s=f.lstatSync(p);n+=s.nlink>1?0:s.blocks*512}catch{}}}catch{}
console.log(n)`;

/** Identifies the process that counts bytes among those of the container. */
const COUNTER = "coditect-count-bytes";

/**
 * Bytes that a folder of a running container takes on disk, as `user` (`uid:gid`) sees it; 0 if it has
 * ended.
 */
export const folderBytesIn = async (
  container: Dockerode.Container,
  folder: string,
  user: string,
): Promise<number> => {
  try {
    const exec = await container.exec({
      Cmd: [WORKER_NODE, "-e", COUNT_BYTES, folder, COUNTER],
      User: user,
      Env: [`LD_LIBRARY_PATH=${WORKER_LIBRARIES}`],
      AttachStdout: true,
    });
    const apart = new Demultiplexer();
    const stream = await exec.start({ hijack: true, stdin: false });
    stream.on("error", () => apart.end()).pipe(apart);
    let output = "";
    apart.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await once(apart, "close");
    return Number.parseInt(output, 10) || 0;
  } catch {
    return 0;
  }
};

/** The last statistics of a container. */
export interface Statistics {
  /** The last ones; null if there are none yet. */
  latest(): Omit<WorkerUsage, "processes"> | null;
  stop(): void;
}

/**
 * Follows a container's statistics, which come about once a second. An engine that is asked for them delays
 * its answer until its next round, and callers that start or end an instance would have to wait.
 */
export const followStatistics = (container: Dockerode.Container): Statistics => {
  let latest: ReturnType<Statistics["latest"]> = null;
  const take = (line: string): void => {
    const parsed = Stats.safeParse(JSON.parse(line)).data;
    if (parsed === undefined) return;
    const { usage, stats: pages } = parsed.memory_stats;
    const cached = pages.total_inactive_file ?? pages.inactive_file ?? 0;
    const memory_mb = Math.round((usage - cached) / 1024 ** 2);
    latest = { cpu_seconds: parsed.cpu_stats.cpu_usage.total_usage / 1e9, memory_mb };
  };
  const stopping = new AbortController();
  const follow = async (): Promise<void> => {
    const stream = await container.stats({ stream: true });
    if (!(stream instanceof Readable)) return;
    addAbortSignal(stopping.signal, stream);
    for await (const line of createInterface({ input: stream })) take(line);
  };
  // The reader of the worker's own stream notices when the container ends or the engine disappears.
  follow().catch(() => undefined);
  return {
    latest: () => latest,
    stop: () => {
      stopping.abort();
    },
  };
};

/** The number of processes in a container; null if it has ended. */
export const countProcesses = async (container: Dockerode.Container): Promise<number | null> => {
  const listed: unknown = await container.top().catch(() => null);
  const top = Top.safeParse(listed).data;
  // Our own measurement of the disk does not belong to the worker.
  return top?.Processes.filter((columns) => !columns.some((text) => text.includes(COUNTER))).length ?? null;
};

/** The container's first process; null if this machine does not see it, as with a virtual machine. */
export const visiblePid = async (container: Dockerode.Container): Promise<number | null> => {
  try {
    const { State } = await container.inspect();
    const groups = await readFile(`/proc/${State.Pid}/cgroup`, "latin1");
    return groups.includes(container.id) ? State.Pid : null;
  } catch {
    return null;
  }
};
