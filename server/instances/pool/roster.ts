import type { Instance, InstanceKind } from "../instance/instance.ts";

/** The instances of a pool, including those that are being created. */
export class Roster {
  readonly live = new Set<Instance>();
  /** Kinds whose instance is being created but is not stored yet. */
  readonly coming: InstanceKind[] = [];

  count(): number {
    return this.live.size + this.coming.length;
  }

  /** The number of instances that work for each run. */
  workingByTask(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { claim } of this.live) {
      if (claim !== null) counts.set(claim.task_id, (counts.get(claim.task_id) ?? 0) + 1);
    }
    return counts;
  }
}
