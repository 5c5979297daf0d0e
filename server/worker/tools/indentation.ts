const indentationOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? "";
/** Whether indentation decides in files of that name what belongs together. */
export const hasIndentedBlocks = (path: string): boolean =>
  /\.(pyi?|pyx|ya?ml|pug|jade|haml|slim|sass|styl|coffee|nim|hs|fsx?|elm|feature)$/i.test(path);

const isBlank = (line: string): boolean => line.trim() === "";

/** Lines with another indentation, or why nobody can tell which they should have. */
export type Reindented = { ok: true; lines: string[] } | { ok: false; reason: string };

interface Texts {
  /** What the model wrote to replace the found lines with. */
  lines: readonly string[];
  /** The lines it wanted to replace, as it wrote them, and as the file has them. */
  written: readonly string[];
  actual: readonly string[];
  /** Every line of the file: its unit of indentation is inferred from all of them. */
  file: readonly string[];
}

/**
 * Gives `lines` the indentation of the file. Indentations that occur in `written` have their counterpart
 * in `actual`; every other is counted in whole steps from one that does. Refuses to guess: in Python, a
 * wrong step is another program.
 */
export const reindent = ({ lines, written, actual, file }: Texts): Reindented => {
  const pairs = pairsOf(written, actual);
  if (typeof pairs === "string") return { ok: false, reason: pairs };
  if ([...written, ...lines].some(opensString)) {
    return { ok: false, reason: "it differs in indentation around a text of several lines" };
  }
  const units = { written: unitOf([...written, ...lines]), actual: unitOf(file) };
  const result: string[] = [];
  for (const line of lines) {
    const indentation = indentationOf(line);
    const mapped = isBlank(line) ? "" : mapIndentation(indentation, pairs, units);
    if (mapped === null) {
      return {
        ok: false,
        reason: `the indentation of "${line.trim().slice(0, 60)}" fits no step of the file`,
      };
    }
    result.push(isBlank(line) ? "" : mapped + line.slice(indentation.length));
  }
  return { ok: true, lines: result };
};

type Pairs = ReadonlyMap<string, string>;

/** Each indentation of the model's text with the file's; a reason when two lines contradict each other. */
const pairsOf = (written: readonly string[], actual: readonly string[]): Pairs | string => {
  const pairs = new Map<string, string>();
  for (const [index, line] of written.entries()) {
    if (isBlank(line)) continue;
    const own = indentationOf(line);
    const counterpart = indentationOf(actual[index] ?? "");
    const known = pairs.get(own);
    if (known !== undefined && known !== counterpart) {
      return `"${line.trim().slice(0, 60)}" is in another block there`;
    }
    pairs.set(own, counterpart);
  }
  const sorted = [...pairs].sort(([one], [other]) => one.length - other.length);
  for (const [index, [own, counterpart]] of sorted.entries()) {
    const [lessOwn, lessCounterpart] = sorted[index - 1] ?? ["", null];
    if (lessCounterpart === null) continue;
    const grows = counterpart.length > lessCounterpart.length && counterpart.startsWith(lessCounterpart);
    if (!own.startsWith(lessOwn) || !grows) return "its lines are in other blocks there";
  }
  return pairs;
};

/** Whether a line opens or closes a text of several lines, whose white space is content. */
const opensString = (line: string): boolean =>
  ['"""', "'''", "`"].some((quote) => (line.split(quote).length - 1) % 2 === 1);

/**
 * One step of indentation: a tab, or the number of spaces by which lines most often go deeper;
 * `null` when no line does.
 */
const unitOf = (lines: readonly string[]): string | null => {
  const steps = new Map<string, number>();
  let before = "";
  for (const line of lines) {
    if (isBlank(line)) continue;
    const indentation = indentationOf(line);
    const step = indentation.startsWith(before) ? indentation.slice(before.length) : "";
    if (/^(\t| {2,8})$/.test(step)) steps.set(step, (steps.get(step) ?? 0) + 1);
    before = indentation;
  }
  const [best] = [...steps].sort(([one, count], [other, more]) => more - count || one.length - other.length);
  return best?.[0] ?? null;
};

interface Units {
  written: string | null;
  actual: string | null;
}

const mapIndentation = (indentation: string, pairs: Pairs, units: Units): string | null => {
  const exact = pairs.get(indentation);
  if (exact !== undefined) return exact;
  const sorted = [...pairs].sort(([one], [other]) => one.length - other.length);
  const base = sorted.findLast(([known]) => indentation.startsWith(known));
  if (base !== undefined) {
    const deeper = inUnits(indentation.slice(base[0].length), units);
    return deeper === null ? null : base[1] + deeper;
  }
  // Less indented than every known line: as many steps less than the least of them.
  const [least, counterpart] = sorted[0] ?? ["", ""];
  if (!least.startsWith(indentation)) return null;
  const less = inUnits(least.slice(indentation.length), units);
  return less !== null && counterpart.endsWith(less)
    ? counterpart.slice(0, counterpart.length - less.length)
    : null;
};

/** White space of the model's text in the file's steps; `null` when it is no whole number of them. */
const inUnits = (space: string, { written, actual }: Units): string | null => {
  const step = written ?? actual;
  if (step === null) return space;
  // Where both indent alike, what is aligned stays aligned.
  if (step === (actual ?? step)) return space;
  const count = space.length / step.length;
  return Number.isInteger(count) && space === step.repeat(count) ? (actual ?? step).repeat(count) : null;
};
