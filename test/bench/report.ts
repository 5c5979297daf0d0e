/** One measured figure beside what it is compared with. Contract: "Other npm scripts", `--json`. */
export interface Figure {
  name: string;
  value: number;
  /** `ms`, `MB`, `tokens`, … */
  unit: string;
  /** The machine's floor or a comparable tool, measured in the same run where it can be. */
  against: { name: string; value: number } | null;
  /** What the figure should be, in words. */
  goal: string;
  /** Whether it is; null if the goal cannot be judged here. */
  holds: boolean | null;
}

/** Takes figures as they are measured. */
export interface Report {
  report: (figure: Figure) => void;
}

const roundTo = (value: number): number => Number(value.toPrecision(4));

/** Value to comparison; null without one. */
const ratioOf = ({ value, against }: Figure): number | null =>
  against === null || against.value === 0 ? null : roundTo(value / against.value);

/** One JSON object per line. */
export const jsonReport = (group: string, write: (text: string) => void): Report => ({
  report: (figure) => {
    const { name, value, unit, against, goal, holds } = figure;
    const rounded = against === null ? null : { name: against.name, value: roundTo(against.value) };
    const line = {
      group,
      name,
      value: roundTo(value),
      unit,
      against: rounded,
      ratio: ratioOf(figure),
      goal,
      holds,
    };
    write(`${JSON.stringify(line)}\n`);
  },
});

const amount = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));

/** A table for people, written line by line as the figures come. */
export const tableReport = (write: (text: string) => void): Report => ({
  report: (figure) => {
    const { name, value, unit, against, goal, holds } = figure;
    const mark = holds === null ? " " : holds ? "✔" : "✖";
    const ratio = ratioOf(figure);
    const compared =
      against === null || ratio === null
        ? ""
        : `${ratio.toFixed(2)}× ${against.name} (${amount(against.value)} ${unit})`;
    write(`${mark} ${name.padEnd(52)} ${`${amount(value)} ${unit}`.padStart(16)}  ${compared}\n`);
    if (goal !== "") write(`    goal: ${goal}\n`);
  },
});

/** The middle of several measurements. */
export const median = (values: readonly number[]): number => percentile(values, 50);

/** The value that `share` percent of the measurements do not exceed. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil((share / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("nothing was measured");
  return value;
};
