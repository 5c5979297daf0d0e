import type Dockerode from "dockerode";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { WorkerUsage } from "../driver.ts";
import { WORKER_LIBRARIES, WORKER_NODE } from "./container.ts";
import { Demultiplexer } from "./demultiplexer.ts";

/** What we read of an engine's statistics; a container that has ended has none of it. */
const Stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  memory_stats: z.object({
    usage: z.number(),
    stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().optional() }),
  }),
});
const Top = z.object({ Processes: z.array(z.array(z.string())) });

/** Counts what lies in a folder in blocks; a program of ours, as not every image has `du`. */
const COUNT_BYTES = `const f=require("fs"),w=[process.argv[1]];let n=0;
for(const d of w)try{for(const e of f.readdirSync(d,{withFileTypes:true})){const p=d+"/"+e.name;
if(e.isDirectory())w.push(p);else try{const s=f.lstatSync(p);n+=s.nlink>1?0:s.blocks*512}catch{}}}catch{}
console.log(n)`;

/** By which its process is known among the container's. */
const COUNTER = "coditect-count-bytes";

/** Bytes a folder of a running container takes on disk; 0 when it has ended. */
export const folderBytesIn = async (container: Dockerode.Container, folder: string): Promise<number> => {
  try {
    const exec = await container.exec({
      Cmd: [WORKER_NODE, "-e", COUNT_BYTES, folder, COUNTER],
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

/** What the engine says a container uses; null when it has ended. */
export const statistics = async (container: Dockerode.Container): Promise<WorkerUsage | null> => {
  const asked: Promise<unknown>[] = [
    container.stats({ stream: false, "one-shot": true }).catch(() => null),
    container.top().catch(() => null),
  ];
  const [raw, listed] = await Promise.all(asked);
  const stats = Stats.safeParse(raw).data;
  const top = Top.safeParse(listed).data;
  if (stats === undefined || top === undefined) return null;
  const { usage, stats: pages } = stats.memory_stats;
  const cached = pages.total_inactive_file ?? pages.inactive_file ?? 0;
  return {
    cpu_seconds: stats.cpu_stats.cpu_usage.total_usage / 1e9,
    memory_mb: Math.round((usage - cached) / 1024 ** 2),
    // Statistics count threads; our own look at the disk is none of the worker's doing.
    processes: top.Processes.filter((columns) => !columns.some((text) => text.includes(COUNTER))).length,
  };
};

/** The container's first process, if this machine's process table has it: not so in a virtual machine. */
export const visiblePid = async (container: Dockerode.Container): Promise<number | null> => {
  try {
    const { State } = await container.inspect();
    const groups = await readFile(`/proc/${State.Pid}/cgroup`, "latin1");
    return groups.includes(container.id) ? State.Pid : null;
  } catch {
    return null;
  }
};
