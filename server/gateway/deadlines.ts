/** Deadlines of one attempt, in milliseconds. */
export interface Deadlines {
  /** From sending the request to the head of the answer. */
  firstByte: number;
  /** Between two pieces of the answer. */
  silence: number;
  /** From sending the request to the end of the answer. */
  total: number;
}

/** Which deadline passed. */
export type Missed = keyof Deadlines;

/** The timers of one attempt: one for all of it, one for the next event. */
export interface DeadlineClocks {
  /** Waits for this event from now on; its deadline passes at most once. */
  await: (next: "firstByte" | "silence") => void;
  /** The event came, and the next one of the same kind is awaited. */
  came: () => void;
  /** Only the end of the answer is awaited now. */
  rest: () => void;
  stop: () => void;
}

export const startDeadlines = (
  deadlines: Deadlines,
  onMissed: (missed: Missed, ms: number) => void,
): DeadlineClocks => {
  const arm = (missed: Missed): NodeJS.Timeout =>
    setTimeout(() => {
      onMissed(missed, deadlines[missed]);
    }, deadlines[missed]);
  const total = arm("total");
  let next: NodeJS.Timeout | null = null;
  const rest = (): void => {
    clearTimeout(next ?? undefined);
  };
  return {
    await: (awaited) => {
      rest();
      next = arm(awaited);
    },
    came: () => {
      next?.refresh();
    },
    rest,
    stop: () => {
      clearTimeout(total);
      rest();
    },
  };
};
