import { hash } from "node:crypto";
import type { Target } from "./targets.ts";

/** Outages in a row that open a circuit. */
const OUTAGES = 5;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Circuit breakers, one per provider, model and key: after several outages in a row nobody asks for
 * a while; then one call probes, and its outcome opens or closes the circuit for all.
 */
export interface Circuits {
  /** Milliseconds until this may be asked; 0: now, and its outcome must be reported. */
  admit(circuit: string): number;
  /** `untold`: the call ended before it showed anything, as when it was cancelled. */
  report(circuit: string, outcome: "sound" | "outage" | "untold"): void;
}

interface Circuit {
  outages: number;
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
    admit(name) {
      const circuit = circuits.get(name);
      if (circuit?.pausedUntil == null) return 0;
      const left = circuit.pausedUntil - now();
      if (left > 0) return left;
      // The probe's outcome is known within a moment of its own; the others look again then.
      if (circuit.probing) return 1000;
      circuit.probing = true;
      return 0;
    },
    report(name, outcome) {
      if (outcome === "sound") {
        circuits.delete(name);
        return;
      }
      const circuit = circuits.get(name) ?? {
        outages: 0,
        pausedUntil: null,
        pauseMs: FIRST_PAUSE_MS,
        probing: false,
      };
      const wasProbe = circuit.probing;
      circuit.probing = false;
      if (outcome === "untold") return;
      circuits.set(name, circuit);
      circuit.outages++;
      if (circuit.outages < OUTAGES && !wasProbe) return;
      if (wasProbe) circuit.pauseMs = Math.min(LONGEST_PAUSE_MS, circuit.pauseMs * 2);
      circuit.pausedUntil = now() + circuit.pauseMs;
    },
  };
};
