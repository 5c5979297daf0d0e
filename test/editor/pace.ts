/**
 * How slow the machine is at the moment, measured by what the editor itself just did. Deadlines of the
 * editor tests follow it: on a busy machine a state comes later, and it is the same state.
 */
export interface Pace {
  /** Notes how long a step took that takes `quiet` milliseconds where nothing else runs. */
  measured(took: number, quiet: number): void;
  /** What has to come within these milliseconds on a quiet machine may take this long now. */
  deadline(milliseconds: number): number;
}

/** Other suites run on the same processors. They may begin right after the machine was measured. */
const LEAST_SLOWDOWN = 2;

const createPace = (): Pace => {
  let slowdown = LEAST_SLOWDOWN;
  return {
    measured: (took, quiet) => {
      slowdown = Math.max(LEAST_SLOWDOWN, took / quiet);
    },
    deadline: (milliseconds) => Math.round(milliseconds * slowdown),
  };
};

/** One machine, one pace: a suite begins with what the one before it measured. */
export const pace = createPace();
