import type { Instance, InstanceKind } from "../instance/instance.ts";
import { isHere } from "./placement.ts";
import type { Roster } from "./roster.ts";

/** The caps for the instances of all pools together. They are functions, because the settings may change. */
export interface SharedCaps {
  all: () => number;
  /** The cap for instances on this machine. */
  here: () => number;
}

/** A pool among those that share places. */
export interface PlaceHolder {
  roster: Roster;
  /** Serves the claims of the pool that can be served. */
  pump: () => void;
}

/** The instances of all other pools, as one pool sees them. */
export interface OtherPools {
  count(): number;
  countHere(): number;
  kinds(): InstanceKind[];
  idle(): Instance[];
}

const countHere = ({ live, coming }: Roster): number => {
  let count = coming.filter(isHere).length;
  for (const { kind } of live) if (isHere(kind)) count += 1;
  return count;
};

/**
 * The places of one tenant: the caps of a pool apply to the sum of the pools of its workspaces. When an instance
 * ends or becomes free, the pool with the fewest instances is served first.
 */
export class SharedPlaces {
  readonly caps: SharedCaps;
  readonly #holders = new Set<PlaceHolder>();

  constructor(caps: SharedCaps) {
    this.caps = caps;
  }

  /** Adds a pool. It leaves when it closes. */
  join(holder: PlaceHolder): { others: OtherPools; leave: () => void } {
    this.#holders.add(holder);
    const others = (): PlaceHolder[] => [...this.#holders].filter((one) => one !== holder);
    const sum = (count: (roster: Roster) => number): number => {
      let total = 0;
      for (const one of this.#holders) if (one !== holder) total += count(one.roster);
      return total;
    };
    return {
      others: {
        count: () => sum((roster) => roster.count()),
        countHere: () => sum(countHere),
        kinds: () =>
          others().flatMap(({ roster }) => [...[...roster.live].map(({ kind }) => kind), ...roster.coming]),
        idle: () => others().flatMap(({ roster }) => [...roster.live].filter(({ isFree }) => isFree)),
      },
      leave: () => {
        this.#holders.delete(holder);
        this.pump();
      },
    };
  }

  /** Call this when a place may have become free. */
  pump(): void {
    const inOrder = [...this.#holders].toSorted((a, b) => a.roster.count() - b.roster.count());
    for (const { pump } of inOrder) pump();
  }
}
