import { canServe } from "./demand.ts";
import type { Instance, InstanceKind } from "../instance/instance.ts";
import type { PoolSize } from "../settings.ts";
import { hasMemoryFor, isHere } from "./placement.ts";
import type { OtherPools, SharedCaps } from "./shared-places.ts";

/** Counts the instances of a pool and enforces its caps. */
export interface Capacity {
  /** An instance that can be claimed at once. */
  freeOf(kind: InstanceKind): Instance | undefined;
  /** The number of instances that have a claim. */
  working(kind: InstanceKind): number;
  /** The number of instances, including those that are being created. */
  count(kind: InstanceKind): number;
  /** The number of instances that can work now. An instance that is still starting does not count. */
  ready(kind: InstanceKind): number;
  /** Whether a cap forbids another instance: that of the tenant, the pool, the agent type or this machine. */
  isFull(kind: InstanceKind): boolean;
  /** An idle instance of another kind, if necessary in another pool, whose end makes room for one of this kind. */
  toEnd(kind: InstanceKind): Instance | null;
  /** Whether one more may start, if necessary after an idle instance has ended. */
  mayStart(kind: InstanceKind): boolean;
}

/** The caps of a pool. They are functions, because the settings may change. */
export interface Caps {
  all: () => number;
  /** The cap for instances on this machine. */
  here: () => number;
  machineMemoryMb: () => number;
  sizeOf: (kind: InstanceKind) => PoolSize;
  /** The pools that share places with this one, and the caps for all of them together. */
  others: OtherPools;
  shared: SharedCaps;
}

/** @param coming kinds whose instance is being created and is not in `live` yet. */
export const createCapacity = (
  live: ReadonlySet<Instance>,
  coming: readonly InstanceKind[],
  { all, here, machineMemoryMb, sizeOf, others, shared }: Caps,
): Capacity => {
  // Each claim counts all instances, so counting creates no lists.
  const countLive = (passes: (one: Instance) => boolean): number => {
    let count = 0;
    for (const one of live) if (passes(one)) count += 1;
    return count;
  };
  const countKinds = (passes: (kind: InstanceKind) => boolean): number =>
    countLive((one) => passes(one.kind)) + coming.filter(passes).length;
  const kinds = (): InstanceKind[] => [...[...live].map((one) => one.kind), ...coming, ...others.kinds()];
  const ready = (kind: InstanceKind): number =>
    countLive((one) => (one.isFree || one.claim !== null) && canServe(one.kind, kind));

  const isTypeFull = ({ agent_type }: InstanceKind, size: PoolSize): boolean =>
    countKinds((one) => one.agent_type === agent_type) >= size.maximum;
  const isOwnMachineFull = (): boolean => countKinds(isHere) >= here();
  const isMachineFull = (kind: InstanceKind): boolean =>
    isHere(kind) &&
    (isOwnMachineFull() ||
      countKinds(isHere) + others.countHere() >= shared.here() ||
      (kind.memory_mb !== null && !hasMemoryFor(kind, kinds(), machineMemoryMb())));
  const isOwnFull = (kind: InstanceKind): boolean =>
    live.size + coming.length >= all() || isTypeFull(kind, sizeOf(kind));
  const isFull = (kind: InstanceKind): boolean =>
    isOwnFull(kind) || live.size + coming.length + others.count() >= shared.all() || isMachineFull(kind);

  const isBeyondSpares = ({ kind }: Instance): boolean =>
    ready(kind) > Math.max(sizeOf(kind).minimum, sizeOf(kind).target);

  // Whether the end of this instance leaves enough room on the machine for one of the kind.
  const makesRoom = (one: Instance, kind: InstanceKind): boolean => {
    if (!isMachineFull(kind)) return true;
    const left = kinds();
    left.splice(left.indexOf(one.kind), 1);
    const ownHere = countKinds(isHere) - (live.has(one) ? 1 : 0);
    return (
      isHere(one.kind) &&
      ownHere < here() &&
      left.filter(isHere).length < shared.here() &&
      hasMemoryFor(kind, left, machineMemoryMb())
    );
  };

  // Prefers the instance that was idle longest and that its kind does not need as a spare. If the pool is
  // full, a spare ends too, because a claim waits.
  const toEnd = (kind: InstanceKind): Instance | null => {
    const onlyOwnType = isTypeFull(kind, sizeOf(kind));
    const idle = [...live]
      .filter((one) => one.isFree && !canServe(one.kind, kind))
      .filter((one) => !onlyOwnType || one.kind.agent_type === kind.agent_type)
      .filter((one) => makesRoom(one, kind))
      .toSorted((a, b) => a.record.updated_at.localeCompare(b.record.updated_at));
    return idle.find(isBeyondSpares) ?? (isFull(kind) ? idle[0] : undefined) ?? toEndElsewhere(kind);
  };

  // Idle instances of other pools end only for a claim that a cap of the tenant blocks.
  const toEndElsewhere = (kind: InstanceKind): Instance | null => {
    if (isOwnFull(kind) || !isFull(kind)) return null;
    const idle = others.idle().filter((one) => makesRoom(one, kind));
    return idle.toSorted((a, b) => a.record.updated_at.localeCompare(b.record.updated_at))[0] ?? null;
  };

  return {
    freeOf: (kind) => {
      for (const one of live) if (one.isFree && canServe(one.kind, kind)) return one;
      return undefined;
    },
    working: (kind) => countLive((one) => one.claim !== null && canServe(one.kind, kind)),
    count: (kind) => countKinds((one) => canServe(one, kind)),
    ready,
    isFull,
    toEnd,
    mayStart: (kind) => !isFull(kind) || toEnd(kind) !== null,
  };
};
