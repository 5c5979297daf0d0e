const literal = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<![\w.])-?\d[\d_]*(?:\.\d+)?/g;
const key = /(?<![\w$?])[A-Za-z_$][\w$]*\s*:/g;
const declared =
  /^\s*(?:export\s+)?(?:(?:const|let|var)\s+)?[A-Za-z_$][\w$]*\s*(?::[^=]*)?=\s*|\bnew (?:Map|Set)\b|\bas const\b/g;
/** What chooses between values: `case "a": return 1;`, `else if (unit === "b") return 2;`. */
const choice = /\b(?:else\s+|el)?if\s*\(?\s*[\w.$]+\s*={2,3}|\b(?:case|return|break)\b/g;
const between = /[\s,:;{}[\]()=>]/g;

/** The minimum number of values in a table. */
const FEWEST = 3;

const valuesOf = (line: string): string[] =>
  (line.match(literal) ?? []).map((text) => (/^["'`]/.test(text) ? text.slice(1, -1) : text));

const isMadeOf = (line: string, ...parts: RegExp[]): boolean =>
  parts.reduce((rest, part) => rest.replace(part, ""), line) === "";

const isData = (line: string): boolean =>
  valuesOf(line).length > 0 && isMadeOf(line, declared, literal, key, between);
const isChoice = (line: string): boolean =>
  line.trim() !== "" && isMadeOf(line, choice, declared, literal, key, between);

/** Consecutive lines of a source that contain only literal values, and these values. */
export interface Table {
  /** The first and last line, counted from 1. */
  from: number;
  to: number;
  values: string[];
}

/** A line that begins a list or object with a name of its own. */
const opening =
  /^\s*(?:export\s+)?(?:(?:const|let|var)\s+)?[A-Za-z_$][\w$]*\s*(?::[^=]*)?=\s*(?:new (?:Map|Set)\()?[[({]/;

/** Consecutive lines of one kind with several values. */
const blocksOf = (
  text: string,
  isOfKind: (line: string) => boolean,
  isFirst: (line: string) => boolean = () => false,
): Table[] => {
  const blocks: Table[] = [];
  text.split("\n").forEach((line, index) => {
    if (!isOfKind(line)) return;
    const last = blocks.at(-1);
    if (last?.to === index && !isFirst(line)) {
      last.to = index + 1;
      last.values.push(...valuesOf(line));
    } else blocks.push({ from: index + 1, to: index + 1, values: valuesOf(line) });
  });
  return blocks.filter(({ values }) => values.length >= FEWEST);
};

/** The tables of a source: consecutive lines with names and values that compute nothing. */
export const tablesOf = (text: string): Table[] => blocksOf(text, isData);

/** The tables of a source, each by itself, and the values between which conditions and `switch` choose. */
export const choicesOf = (text: string): Table[] => blocksOf(text, isChoice, (line) => opening.test(line));
