/** Deadlines of one attempt, in milliseconds. */
export interface Deadlines {
  /** From sending the request to the answer's head. */
  firstByte: number;
  /** Between two pieces of the answer. */
  silence: number;
  /** From sending to the answer's end. */
  total: number;
}

/** Which deadline passed. */
export type Missed = keyof Deadlines;

/** The clocks of one attempt: one for the whole, one for what is awaited next. */
export interface DeadlineClocks {
  /** From now on this is awaited; it passes once if it does not come. */
  await: (next: "firstByte" | "silence") => void;
  /** What was awaited came, and the same is awaited again. */
  came: () => void;
  /** Nothing more is awaited but the end of the whole. */
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
