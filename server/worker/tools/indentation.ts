const indentationOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? "";

/**
 * Gives `lines`, which a model wrote, the indentation of the file. `written` and `actual` are the
 * same lines in the model's text and in the file: an indentation that occurs there is mapped to
 * its counterpart; any other is taken relative to the longest one that does, in the file's unit.
 */
export function reindent(
  lines: readonly string[],
  written: readonly string[],
  actual: readonly string[],
): string[] {
  const pairs = new Map<string, string>();
  for (const [index, line] of written.entries()) {
    const indentation = indentationOf(line);
    if (line.trim() !== "" && !pairs.has(indentation)) {
      pairs.set(indentation, indentationOf(actual[index] ?? line));
    }
  }
  const units = unitsOf(pairs);
  return lines.map((line) => {
    if (line.trim() === "") return "";
    const indentation = indentationOf(line);
    return mapIndentation(indentation, pairs, units) + line.slice(indentation.length);
  });
}

interface Units {
  written: string;
  actual: string;
}

const byLength = ([one]: readonly [string, string], [other]: readonly [string, string]): number =>
  one.length - other.length;

function mapIndentation(indentation: string, pairs: ReadonlyMap<string, string>, units: Units): string {
  const exact = pairs.get(indentation);
  if (exact !== undefined) return exact;
  const sorted = [...pairs].sort(byLength);
  const base = sorted.findLast(([known]) => indentation.startsWith(known));
  if (base !== undefined) return base[1] + inUnits(indentation.slice(base[0].length), units);
  // Less indented than every known line: as many steps less than the least of them.
  const [least, own] = sorted[0] ?? ["", ""];
  const less = inUnits(least.slice(indentation.length), units);
  return own.slice(0, Math.max(0, own.length - less.length));
}

/** One step of indentation in the model's text and in the file, told from two pairs that differ. */
function unitsOf(pairs: ReadonlyMap<string, string>): Units {
  const sorted = [...pairs].sort(byLength);
  for (const [index, [written, actual]] of sorted.entries()) {
    const [lessWritten, lessActual] = sorted[index - 1] ?? [written, actual];
    const step = { written: written.slice(lessWritten.length), actual: actual.slice(lessActual.length) };
    if (step.written !== "" && step.actual !== "") return step;
  }
  const usesTabs = [...pairs.values()].some((actual) => actual.includes("\t"));
  const wroteTabs = [...pairs.keys()].some((written) => written.includes("\t"));
  if (usesTabs === wroteTabs) return { written: " ", actual: " " };
  return usesTabs ? { written: "  ", actual: "\t" } : { written: "\t", actual: "  " };
}

/** White space of the model's text in the file's units; what is no whole step stays as it is. */
function inUnits(space: string, { written, actual }: Units): string {
  let rest = space;
  let result = "";
  while (rest.startsWith(written)) {
    result += actual;
    rest = rest.slice(written.length);
  }
  return result + rest;
}
