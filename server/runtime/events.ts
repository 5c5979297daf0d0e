import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Log } from "../platform/log.ts";

/** Listeners are called one after the other; one that throws is logged and keeps its place. */
export const createEvents = (log: Log) => {
  const listeners = new Set<(event: RuntimeEvent) => void>();
  return {
    emit: (event: RuntimeEvent): void => {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          log("error", "a listener failed", { type: event.type, error: String(error) });
        }
      }
    },
    subscribe: (listener: (event: RuntimeEvent) => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
