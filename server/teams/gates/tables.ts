const literal = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<![\w.])-?\d[\d_]*(?:\.\d+)?/g;
const key = /(?<![\w$?])[A-Za-z_$][\w$]*\s*:/g;
const declared =
  /^\s*(?:export\s+)?(?:(?:const|let|var)\s+)?[A-Za-z_$][\w$]*\s*(?::[^=]*)?=\s*|\bnew (?:Map|Set)\b|\bas const\b/g;
const between = /[\s,:;{}[\]()=>]/g;

/** The minimum number of values in a table. */
const FEWEST = 3;

const valuesOf = (line: string): string[] =>
  (line.match(literal) ?? []).map((text) => (/^["'`]/.test(text) ? text.slice(1, -1) : text));

const isData = (line: string): boolean => {
  const rest = line.replace(declared, "").replace(literal, "").replace(key, "").replace(between, "");
  return rest === "" && valuesOf(line).length > 0;
};

/** Lines of a source that contain only literal values, and these values. */
export interface Table {
  /** The first and last line, counted from 1. */
  from: number;
  to: number;
  values: string[];
}

/** The tables of a source: consecutive lines with names and values that compute nothing. */
export const tablesOf = (text: string): Table[] => {
  const tables: Table[] = [];
  text.split("\n").forEach((line, index) => {
    if (!isData(line)) return;
    const last = tables.at(-1);
    if (last?.to === index) {
      last.to = index + 1;
      last.values.push(...valuesOf(line));
    } else tables.push({ from: index + 1, to: index + 1, values: valuesOf(line) });
  });
  return tables.filter(({ values }) => values.length >= FEWEST);
};
