const literal = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<![\w.])-?\d[\d_]*(?:\.\d+)?/g;
const key = /(?<![\w$?])[A-Za-z_$][\w$]*\s*:/g;
const declared =
  /^\s*(?:export\s+)?(?:(?:const|let|var)\s+)?[A-Za-z_$][\w$]*\s*(?::[^=]*)?=\s*|\bnew (?:Map|Set)\b|\bas const\b/g;
const between = /[\s,:;{}[\]()=>]/g;

/** Fewest values that make a table. */
const FEWEST = 3;

const valuesOf = (line: string): string[] =>
  (line.match(literal) ?? []).map((text) => (/^["'`]/.test(text) ? text.slice(1, -1) : text));

const isData = (line: string): boolean => {
  const rest = line.replace(declared, "").replace(literal, "").replace(key, "").replace(between, "");
  return rest === "" && valuesOf(line).length > 0;
};

/** Lines of a source that hold nothing but values written out, and those values. */
export interface Table {
  /** First and last line, counted from 1. */
  from: number;
  to: number;
  values: string[];
}

/** The tables of a source: runs of lines with names and values, and nothing that computes. */
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
