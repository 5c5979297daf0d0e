import type Dockerode from "dockerode";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { WorkerUsage } from "../driver.ts";

/** What we read of an engine's statistics; a container that has ended has none of it. */
const Stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  memory_stats: z.object({
    usage: z.number(),
    stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().optional() }),
  }),
  pids_stats: z.object({ current: z.number() }),
});

/** What the engine says a container uses; null when it has ended. */
export const statistics = async (container: Dockerode.Container): Promise<WorkerUsage | null> => {
  const raw: unknown = await container.stats({ stream: false, "one-shot": true }).catch(() => null);
  const stats = Stats.safeParse(raw).data;
  if (stats === undefined) return null;
  const { usage, stats: pages } = stats.memory_stats;
  const cached = pages.total_inactive_file ?? pages.inactive_file ?? 0;
  return {
    cpu_seconds: stats.cpu_stats.cpu_usage.total_usage / 1e9,
    memory_mb: Math.round((usage - cached) / 1024 ** 2),
    processes: stats.pids_stats.current,
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
