import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { InstanceLimits } from "../driver.ts";
import { isRunning } from "../process-table.ts";

const ROOT = "/sys/fs/cgroup";
const PREFIX = "coditect-";
/**
 * The kernel's cap on memory is an addition to the watched one. It stops bursts between two measurements.
 */
const MEMORY_HEADROOM = 1.25;
const PERIOD_US = 100_000;
/**
 * The share of an instance when processors are scarce. In version 1, the group competes with single tasks of
 * 1,024 each, so a smaller weight would starve it on a busy machine. In version 2, it competes with groups of
 * 100 each, and half of that keeps the editor responsive.
 */
const WEIGHT = { versionOne: "1024", versionTwo: "50" };

/** A control group in which the kernel keeps a worker and all its descendants, and enforces their caps. */
export interface ControlGroup {
  /** Files to which a process writes its ID to join the group. */
  readonly entrances: readonly string[];
  /** All processes in the group, even if their parents have ended. */
  pids(): number[];
  /** How often the kernel has killed a process in the group because of its memory. */
  memoryKills(): number;
  /** Removes the group. All its processes must have ended. */
  remove(): Promise<void>;
}

/** Maps the folder of each new group to the files that are written into it. */
type Plan = Map<string, Record<string, string>>;

/** Lines of `/proc/self/cgroup`: `0::/path` (version 2) or `4:memory:/path` (version 1). */
export const parseMembership = (text: string): Map<string, string> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      return path === undefined ? [] : (controllers ?? "").split(",").map((name) => [name, path] as const);
    }),
  );

/**
 * The files to write for these caps. In version 2, the group is a sibling of our own, because a group cannot
 * have both processes and children with caps. In version 1, there is one group below our own per controller.
 */
export const planGroup = (
  membership: ReadonlyMap<string, string>,
  name: string,
  limits: InstanceLimits,
): Plan => {
  const quota = String(Math.round(limits.cpus * PERIOD_US));
  const memory = String(Math.round(limits.memory_mb * MEMORY_HEADROOM) * 1024 ** 2);
  const processes = String(limits.processes);
  const own = membership.get("");
  if (own !== undefined && !membership.has("memory")) {
    return new Map([
      [
        join(ROOT, dirname(own), name),
        {
          "memory.max": memory,
          "pids.max": processes,
          "cpu.max": `${quota} ${PERIOD_US}`,
          "cpu.weight": WEIGHT.versionTwo,
        },
      ],
    ]);
  }
  const versionOne = {
    memory: { "memory.limit_in_bytes": memory },
    pids: { "pids.max": processes },
    cpu: {
      "cpu.cfs_period_us": String(PERIOD_US),
      "cpu.cfs_quota_us": quota,
      "cpu.shares": WEIGHT.versionOne,
    },
  };
  return new Map(
    Object.entries(versionOne).flatMap(([controller, files]) => {
      const path = membership.get(controller);
      return path === undefined ? [] : [[join(ROOT, controller, path, name), files] as const];
    }),
  );
};

const read = (path: string): string => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
};

const removeFolder = (folder: string): boolean => {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
};

/** A group for one instance; null if the system does not let us create one. */
export const makeControlGroup = (instanceId: string, limits: InstanceLimits): ControlGroup | null => {
  if (process.platform !== "linux") return null;
  const plan = planGroup(
    parseMembership(read("/proc/self/cgroup")),
    `${PREFIX}${process.pid}-${instanceId}`,
    limits,
  );
  const folders = [...plan.keys()];
  try {
    for (const [folder, files] of plan) {
      mkdirSync(folder);
      for (const [file, value] of Object.entries(files)) writeFileSync(join(folder, file), value);
    }
  } catch {
    // We may not create the group, or a controller is missing. Then only the watched caps apply.
    folders.forEach(removeFolder);
    return null;
  }
  if (folders.length === 0) return null;
  return {
    entrances: folders.map((folder) => join(folder, "cgroup.procs")),
    // A process in one of the hierarchies is in all of them.
    pids: () =>
      read(join(folders[0] ?? "", "cgroup.procs"))
        .split("\n")
        .filter(Boolean)
        .map(Number),
    memoryKills: () => {
      const files = folders.flatMap((folder) =>
        ["memory.events", "memory.oom_control"].map((file) => join(folder, file)),
      );
      return files.reduce((sum, file) => sum + Number(/^oom_kill (\d+)$/m.exec(read(file))?.[1] ?? 0), 0);
    },
    remove: async () => {
      for (let tries = 0; tries < 20; tries += 1) {
        if (folders.map(removeFolder).every(Boolean)) return;
        await sleep(50);
      }
    },
  };
};

/** Creates a group to find out whether that is possible. */
export const canMakeControlGroups = async (): Promise<boolean> => {
  const group = makeControlGroup("probe", { memory_mb: 64, cpus: 1, processes: 8, disk_mb: 1 });
  await group?.remove();
  return group !== null;
};

const ownerOf = (name: string): number => Number.parseInt(name.slice(PREFIX.length), 10);

/**
 * Removes groups of runtimes that have ended, and returns how many. The kernel keeps groups with running
 * processes. Groups of other runtimes are not removed, because a new group is empty for a moment.
 */
export const removeEmptyGroups = (isGone = (owner: number): boolean => !isRunning(owner)): number => {
  const plan = planGroup(parseMembership(read("/proc/self/cgroup")), PREFIX, {
    memory_mb: 1,
    cpus: 1,
    processes: 1,
    disk_mb: 1,
  });
  let removed = 0;
  for (const folder of plan.keys()) {
    try {
      const left = readdirSync(dirname(folder)).filter(
        (name) => name.startsWith(PREFIX) && isGone(ownerOf(name)),
      );
      removed += left.filter((name) => removeFolder(join(dirname(folder), name))).length;
    } catch {
      // This machine does not have the hierarchy.
    }
  }
  return removed;
};

/** A command that enters the group before it becomes `command`, so that it never runs outside the group. */
export const enterGroup = (group: ControlGroup, command: readonly string[]): string[] => {
  const script =
    'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ >"$1" || exit 126; shift; n=$((n-1)); done; exec "$@"';
  return ["/bin/sh", "-c", script, "sh", String(group.entrances.length), ...group.entrances, ...command];
};
