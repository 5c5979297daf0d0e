import ignore from "ignore";
import { boundedPatterns } from "./ignore-patterns.ts";

const MOST_PATTERNS = 100;

/** `a.{ts,js}` as `a.ts` and `a.js`. Stops at {@link MOST_PATTERNS}: pairs of braces multiply. */
const expandBraces = (glob: string): string[] => {
  let patterns = [glob];
  for (;;) {
    const expanded = patterns.flatMap((pattern) => {
      const [whole, parts] = /\{([^{}]*)\}/.exec(pattern) ?? [];
      if (whole === undefined || parts === undefined) return [pattern];
      return parts.split(",").map((part) => pattern.replace(whole, () => part));
    });
    const isDone = expanded.every((pattern, index) => pattern === patterns[index]);
    if (isDone || expanded.length > MOST_PATTERNS) return patterns;
    patterns = expanded;
  }
};

/**
 * Tells which workspace paths a glob means, in the syntax of ignore files: `*.ts` anywhere,
 * `src/**` below a folder, `src` for the folder itself, and `{a,b}`. No glob means every path.
 */
export const globFilter = (glob: string | undefined): ((path: string) => boolean) => {
  if (glob === undefined || glob.trim() === "") return () => true;
  // A model may send many lines: each is a pattern.
  const lines = glob.trim().split("\n", MOST_PATTERNS).join("\n");
  const patterns = ignore().add(expandBraces(lines.replace(/^\.\//, "/")).map(boundedPatterns));
  return (path) => patterns.ignores(path);
};
