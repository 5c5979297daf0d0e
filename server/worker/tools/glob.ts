import ignore from "ignore";

/** `a.{ts,js}` as `a.ts` and `a.js`; more than 100 results are cut. */
function expandBraces(glob: string): string[] {
  const group = /\{([^{}]*)\}/.exec(glob);
  if (group === null) return [glob];
  const before = glob.slice(0, group.index);
  const after = glob.slice(group.index + group[0].length);
  return (group[1] ?? "")
    .split(",")
    .flatMap((part) => expandBraces(before + part + after))
    .slice(0, 100);
}

/**
 * Tells which workspace paths a glob means, in the syntax of ignore files: `*.ts` anywhere,
 * `src/**` below a folder, `src` for the folder itself, and `{a,b}`. No glob means every path.
 */
export function globFilter(glob: string | undefined): (path: string) => boolean {
  if (glob === undefined || glob.trim() === "") return () => true;
  const patterns = ignore().add(expandBraces(glob.trim().replace(/^\.\//, "/")));
  return (path) => patterns.ignores(path);
}
