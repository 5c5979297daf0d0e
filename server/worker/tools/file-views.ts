import type { WorkerParams } from "../../../schemas/worker.ts";
import type { ToolOutcome } from "../../../schemas/transcript.ts";

/** Which lines of which files an agent has been shown, so that it cannot replace what it never saw. */
export interface FileViews {
  /** Learns from the result of a tool, new or from before a restart. */
  saw(outcome: ToolOutcome): void;
  /** Whether any line of the file was shown. */
  knows(path: string): boolean;
  /** Whether the line, counted from 1, was shown. */
  hasSeen(path: string, line: number): boolean;
}

type Range = readonly [first: number, last: number];

/** @param shown the parts of files that the agent got with its task; `last_line` null: the whole file. */
export const fileViews = (shown: WorkerParams<"execution/run">["shown"]): FileViews => {
  const ranges = new Map<string, Range[]>();
  const add = (path: string, first: number, last: number): void => {
    ranges.set(path, [...(ranges.get(path) ?? []), [first, last]]);
  };
  for (const { path, last_line } of shown) add(path, 1, last_line ?? Number.POSITIVE_INFINITY);

  return {
    saw: ({ tool, input, content, is_error, changes }) => {
      if (is_error) return;
      if (tool === "write_file") for (const { path } of changes) add(path, 1, Number.POSITIVE_INFINITY);
      const path = typeof input === "object" && input !== null && "path" in input ? input.path : null;
      if (tool !== "read_file" || typeof path !== "string") return;
      const numbers = [...content.matchAll(/^(\d+)\t/gm)].map(([, number]) => Number(number));
      const [first] = numbers;
      if (first !== undefined) add(path.replace(/^\.\//, ""), first, numbers.at(-1) ?? first);
    },
    knows: (path) => ranges.has(path),
    hasSeen: (path, line) => (ranges.get(path) ?? []).some(([first, last]) => first <= line && line <= last),
  };
};
