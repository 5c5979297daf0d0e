import { exitCodes } from "./exit.ts";

/** Seconds after the first interruption until the process ends, even if something still runs. */
const GRACE_SECONDS = 4.5;

interface InterruptionOptions {
  graceSeconds?: number;
  /** False: SIGHUP has another meaning for the command. */
  hangsUp?: boolean;
}

export interface Interruption {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  signal: AbortSignal;
  stop(): void;
}

/**
 * Handles Ctrl+C, and the end of the reader of standard output. The first interruption cancels, so that
 * executions end as Cancelled and instances end. The second one, or the end of the grace period, ends the
 * process immediately. Workers end with the process that started them, because their standard input closes.
 */
export const catchInterruption = ({
  graceSeconds = GRACE_SECONDS,
  hangsUp = true,
}: InterruptionOptions = {}): Interruption => {
  const controller = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  const leave = () => process.exit(exitCodes.cancelled);
  const interrupt = () => {
    if (controller.signal.aborted) leave();
    controller.abort();
    grace = setTimeout(leave, graceSeconds * 1000);
    grace.unref();
  };
  const signals = hangsUp ? (["SIGINT", "SIGTERM", "SIGHUP"] as const) : (["SIGINT", "SIGTERM"] as const);
  for (const name of signals) process.on(name, interrupt);
  process.stdout.once("error", interrupt);
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(grace);
      for (const name of signals) process.off(name, interrupt);
      process.stdout.off("error", interrupt);
    },
  };
};
