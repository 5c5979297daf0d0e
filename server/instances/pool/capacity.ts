import { canServe } from "./demand.ts";
import type { Instance, InstanceKind } from "../instance/instance.ts";
import type { PoolSize } from "../settings.ts";
import { hasMemoryFor, isHere } from "./placement.ts";

/** Who is there, who is coming, and who may: the caps of a pool are kept here. */
export interface Capacity {
  /** One that can be claimed at once. */
  freeOf(kind: InstanceKind): Instance | undefined;
  /** Those that have a claim. */
  working(kind: InstanceKind): number;
  /** Those that are there and those that are being made. */
  count(kind: InstanceKind): number;
  /** Those that can serve: one that is still starting replaces none of them. */
  ready(kind: InstanceKind): number;
  /** Whether all instances, or those of this agent type, are as many as allowed. */
  isFull(kind: InstanceKind): boolean;
  /** An idle instance of another kind that can make room for one of this. */
  toEnd(kind: InstanceKind): Instance | null;
  /** Whether one more may be started, after another one was ended if need be. */
  mayStart(kind: InstanceKind): boolean;
}

/** What the caps of a pool are, read when they are needed. */
export interface Caps {
  all: () => number;
  /** Of the instances on this machine. */
  here: () => number;
  machineMemoryMb: () => number;
  sizeOf: (kind: InstanceKind) => PoolSize;
}

/** @param coming kinds whose instance is being made but is not among the live ones yet. */
export const createCapacity = (
  live: ReadonlySet<Instance>,
  coming: readonly InstanceKind[],
  { all, here, machineMemoryMb, sizeOf }: Caps,
): Capacity => {
  // Each claim asks these of all instances, so they make no lists on the way.
  const countLive = (passes: (one: Instance) => boolean): number => {
    let count = 0;
    for (const one of live) if (passes(one)) count += 1;
    return count;
  };
  const countKinds = (passes: (kind: InstanceKind) => boolean): number =>
    countLive((one) => passes(one.kind)) + coming.filter(passes).length;
  const kinds = (): InstanceKind[] => [...[...live].map((one) => one.kind), ...coming];
  const ready = (kind: InstanceKind): number =>
    countLive((one) => (one.isFree || one.claim !== null) && canServe(one.kind, kind));

  const isTypeFull = ({ agent_type }: InstanceKind, size: PoolSize): boolean =>
    countKinds((one) => one.agent_type === agent_type) >= size.maximum;
  const isMachineFull = (kind: InstanceKind): boolean =>
    isHere(kind) &&
    (countKinds(isHere) >= here() ||
      (kind.memory_mb !== null && !hasMemoryFor(kind, kinds(), machineMemoryMb())));
  const isFull = (kind: InstanceKind): boolean =>
    live.size + coming.length >= all() || isTypeFull(kind, sizeOf(kind)) || isMachineFull(kind);

  const isBeyondSpares = ({ kind }: Instance): boolean =>
    ready(kind) > Math.max(sizeOf(kind).minimum, sizeOf(kind).target);

  // Whether the end of that one lets one of the kind start, where the machine is short.
  const makesRoom = (one: Instance, kind: InstanceKind): boolean => {
    if (!isMachineFull(kind)) return true;
    const others = kinds();
    others.splice(others.indexOf(one.kind), 1);
    return (
      isHere(one.kind) &&
      others.filter(isHere).length < here() &&
      hasMemoryFor(kind, others, machineMemoryMb())
    );
  };

  // One more than its kind keeps ready; where there is no other room, a spare of it, because a claim
  // waits. Of these the one that was idle longest.
  const toEnd = (kind: InstanceKind): Instance | null => {
    const onlyOwnType = isTypeFull(kind, sizeOf(kind));
    const idle = [...live]
      .filter((one) => one.isFree && !canServe(one.kind, kind))
      .filter((one) => !onlyOwnType || one.kind.agent_type === kind.agent_type)
      .filter((one) => makesRoom(one, kind))
      .toSorted((a, b) => a.record.updated_at.localeCompare(b.record.updated_at));
    return idle.find(isBeyondSpares) ?? (isFull(kind) ? idle[0] : undefined) ?? null;
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
