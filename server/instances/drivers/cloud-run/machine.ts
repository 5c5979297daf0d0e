import type { InstanceLimits } from "../driver.ts";

/** The numbers of processors that a container of Cloud Run can have. */
const PROCESSORS = [1, 2, 4, 8];
/** The least and most memory in MB that a container of Cloud Run with this many processors can have. */
const memoryOf: Readonly<Record<number, { least: number; most: number }>> = {
  1: { least: 512, most: 4096 },
  2: { least: 512, most: 8192 },
  4: { least: 2048, most: 16_384 },
  8: { least: 4096, most: 32_768 },
};
/** Resources for the programs that look after the worker. */
const OVERHEAD_MB = 192;

/** The size of a container, which it is billed for. */
export interface Machine {
  cpus: number;
  memory_mb: number;
}

/**
 * The smallest container of Cloud Run for these limits; null if none is large enough. Its file system is in
 * its memory, so the files of the workspace and the private copy count.
 */
export const machineFor = (limits: InstanceLimits, filesMb: number): Machine | null => {
  const memory = limits.memory_mb + filesMb + OVERHEAD_MB;
  for (const cpus of PROCESSORS) {
    const { least, most } = memoryOf[cpus] ?? { least: 0, most: 0 };
    if (cpus >= limits.cpus && memory <= most) return { cpus, memory_mb: Math.max(least, memory) };
  }
  return null;
};
