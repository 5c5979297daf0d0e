import { hash } from "node:crypto";
import type { CoditectError } from "../../schemas/errors.ts";
import type { Target } from "./targets.ts";

/** Outages in a row that open a circuit. */
const OUTAGES = 5;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Circuit breakers, one per provider, model and key: after several outages in a row nobody asks for a
 * while. Then one call probes, and its outcome opens or closes the circuit for all.
 */
export interface Circuits {
  /** Null: the caller may ask now, and must report the outcome. */
  admit(circuit: string): OpenCircuit | null;
  /** `unknown`: the call ended before it showed anything, for example because it was cancelled. */
  report(circuit: string, outcome: CallOutcome): void;
}

/** Whether a call found its provider healthy. */
export type CallOutcome = "healthy" | "unknown" | { outage: CoditectError };

/** A provider that is not asked for a while. */
export interface OpenCircuit {
  /** Milliseconds until it may be asked again. */
  waitMs: number;
  /** The failure that opened the circuit. */
  cause: CoditectError;
}

interface Circuit {
  outages: number;
  /** The last failure; null before the first. */
  cause: CoditectError | null;
  /** It may be probed from this time on; null: closed. */
  pausedUntil: number | null;
  pauseMs: number;
  probing: boolean;
}

export const circuitOf = ({ provider, endpoint, model }: Target, key: string | null): string => {
  const keyMark = hash("sha256", key ?? "").slice(0, 12);
  return `${provider} ${endpoint} ${model} ${keyMark}`;
};

export const openCircuits = (now: () => number): Circuits => {
  const circuits = new Map<string, Circuit>();
  return {
    admit: (name) => {
      const circuit = circuits.get(name);
      if (circuit?.pausedUntil == null || circuit.cause === null) return null;
      const left = circuit.pausedUntil - now();
      if (left > 0) return { waitMs: left, cause: circuit.cause };
      // The outcome of the probe is known soon; other callers look again then.
      if (circuit.probing) return { waitMs: 1000, cause: circuit.cause };
      circuit.probing = true;
      return null;
    },
    report: (name, outcome) => {
      if (outcome === "healthy") {
        circuits.delete(name);
        return;
      }
      const circuit = circuits.get(name) ?? {
        outages: 0,
        cause: null,
        pausedUntil: null,
        pauseMs: FIRST_PAUSE_MS,
        probing: false,
      };
      const wasProbe = circuit.probing;
      circuit.probing = false;
      if (outcome === "unknown") return;
      circuits.set(name, circuit);
      circuit.outages++;
      circuit.cause = outcome.outage;
      if (circuit.outages < OUTAGES && !wasProbe) return;
      if (wasProbe) circuit.pauseMs = Math.min(LONGEST_PAUSE_MS, circuit.pauseMs * 2);
      circuit.pausedUntil = now() + circuit.pauseMs;
    },
  };
};
