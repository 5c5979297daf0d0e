import { classifyPath } from "../../workspace/classify.ts";
import type { GateContext } from "./gate.ts";
import { hunksOf, type ChangedSource } from "./hunks.ts";
import { newTestFiles } from "./test-run.ts";

const literal =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<![\w.])\d[\d_]*(?:\.\d+)?|\b(?:true|false|null|True|False|None)\b/g;
/** A key without quotation marks, as `{ word: 1 }` has it. */
const key = /(?<![\w$?])([A-Za-z_$][\w$]*)\s*:/g;
/** Names of tests and modules are nothing that the code is asked. */
const labels =
  /\b(?:it|test|describe|suite|context|require|import|from)\b[\w.]*\s*\(?\s*(?:"[^"\n]*"|'[^'\n]*'|`[^`]*`)/g;
const comment = /^\s*(\/\/|#|\*|\/\*).*$/gm;

const valueOf = (text: string): string =>
  /^["'`]/.test(text) ? text.slice(1, -1) : text.toLowerCase().replace(/_/g, "");

const literalsOf = (text: string): string[] => [...text.matchAll(literal)].map(([found]) => valueOf(found));

/** What the lines say that the change wrote into sources. */
const literalsOfSources = (sources: readonly ChangedSource[]): Set<string> => {
  const written = sources
    .flatMap((source) => hunksOf(source).flatMap(({ added }) => added))
    .join("\n")
    .replace(comment, "");
  return new Set([...literalsOf(written), ...[...written.matchAll(key)].map(([, name = ""]) => name)]);
};

/** A line of a test that asks for something and says what comes of it. */
export interface Check {
  path: string;
  line: number;
  literals: string[];
}

/** The lines of a test file with an input and what is expected of it, both written out. */
export const checksOf = (path: string, text: string): Check[] =>
  text
    .replace(comment, "")
    .split("\n")
    .map((line, index) => ({ path, line: index + 1, literals: literalsOf(line.replace(labels, "")) }))
    .filter(({ literals }) => new Set(literals).size > 1);

const isSmall = (value: string): boolean => /^\d{1,2}$/.test(value);
const saysLittle = (value: string): boolean => /^(0|1|true|false|null|none|)$/.test(value);

/**
 * Whether the code has the question and the answer in it. The place in a list stands for a small
 * number: a list of answers is a table, too.
 */
const isAnswered = ({ literals }: Check, known: ReadonlySet<string>): boolean => {
  const absent = literals.filter((value) => !known.has(value));
  const answer = literals.at(-1) ?? "";
  return absent.length === 0 || (absent.every(isSmall) && known.has(answer) && !saysLittle(answer));
};

/**
 * The checks of the new tests that the code answers from what it has in its text, when that is all of
 * them: a table of the tests' inputs and no rule behind them. Empty when one check asks for more.
 */
export const answeredByTable = (checks: readonly Check[], sources: readonly ChangedSource[]): Check[] => {
  const known = literalsOfSources(sources.filter(({ path }) => classifyPath(path) === "source"));
  // What comes out as it went in needs no entry.
  const telling = checks.filter(({ literals }) => new Set(literals).size > 1 && literals.length > 1);
  return telling.length > 0 && telling.every((check) => isAnswered(check, known)) ? telling : [];
};

/** The checks in the test files that the change added or rewrote. */
export const checksOfChange = async (context: GateContext): Promise<Check[]> => {
  const files = await Promise.all(
    newTestFiles(context).map(async (path) => checksOf(path, (await context.readText(path)) ?? "")),
  );
  return files.flat();
};
