import { posix } from "node:path";
import { classifyPath } from "../../workspace/classify.ts";
import type { GateContext } from "./gate.ts";
import { hunksOf, type ChangedSource } from "./hunks.ts";
import { withoutRemarks } from "./remarks.ts";
import { newTestFiles } from "./test-run.ts";
import {
  comment,
  isSpelledOut,
  isWrittenOut,
  letters,
  literalsOf,
  SHORT,
  writtenOutIn,
  type WrittenOut,
} from "./written-out.ts";

/** Names of tests and modules are not input of the code. */
const labels =
  /\b(?:it|test|describe|suite|context|require|import|from)\b[\w.]*\s*\(?\s*(?:"[^"\n]*"|'[^'\n]*'|`[^`]*`)/g;
/** What Testing Library looks for in a page is no input either. */
const lookups = /\b(?:get|query|find)(?:All)?By[A-Z]\w*\((?:[^(){}]|\{[^{}]*\})*\)/g;
/** A position in a list, as in `error.args[0]`, is not input, and neither is a list that is named. */
const places = /(?<=[\w$\])])\[\d+\]/g;
/** Several results that are all right, as in `["EPERM", "ENOENT"].includes(code)`. */
const alternatives = /\[[^[\]]*\]\.includes\(|\bin\s+[[(][^[\](){}]*[\])]/g;
const namedList = /^\s*(?:(?:const|let|var)\s+)?[\w$]+\s*=\s*[[(][^[\](){}]*[\])][;,]?\s*$/;
/** Fewest letters of an answer that cannot be a coincidence. */
const TELLING = 4;

/** A line of a test with an input and the expected result. */
export interface Check {
  path: string;
  line: number;
  literals: string[];
}

/** The values of a line; none if they are only results, of which one must come. */
const valuesIn = (line: string): string[] =>
  literalsOf(line.replace(alternatives, "")).length === 0 ? [] : literalsOf(line);

/** The lines of a test file with an input and what is expected of it, both written out. */
export const checksOf = (path: string, text: string): Check[] =>
  text
    .replace(comment, "")
    .split("\n")
    .map((line, index) => ({
      path,
      line: index + 1,
      literals: namedList.test(line)
        ? []
        : valuesIn(line.replace(labels, "").replace(lookups, "").replace(places, "")),
    }))
    .filter(({ literals }) => new Set(literals).size > 1);

const noValue = /^(0|null|none|)$/;
const saysLittle = (value: string): boolean => /^(0|1|true|false|null|none|)$/.test(value);

/** Fewest checks that are significant even if each has only a digit or letter as input and result. */
const ENOUGH_SHORT = 3;

/** Rows of zeros and ones, or a few digits: code that computes has them as well. */
const areInEveryProgram = (checks: readonly Check[]): boolean => {
  const values = checks.flatMap(({ literals }) => literals);
  const isLetter = (value: string): boolean => /^\p{L}$/u.test(value);
  return (
    values.every((value) => saysLittle(value) || isLetter(value)) ||
    (checks.length < ENOUGH_SHORT && values.every((value) => value.length <= 1))
  );
};

/** Whether the number is a place in the list. */
const isPlaceIn = (list: readonly string[], value: string): boolean =>
  /^\d+$/.test(value) && Number(value) < list.length;

/**
 * Whether the code contains the input and the result. A number that is not in the code may be the
 * position of the result in a list: a list of results is a table as well.
 */
const isAnswered = ({ literals }: Check, written: WrittenOut): boolean => {
  const absent = literals.filter((value) => !isWrittenOut(value, written));
  if (absent.length === 0) return true;
  const answer = literals.at(-1) ?? "";
  return (
    !saysLittle(answer) &&
    written.lists.some((list) => list.includes(answer) && absent.every((value) => isPlaceIn(list, value)))
  );
};

/** More entries than this that no test asks for make a table larger than the tests' answers. */
const ENOUGH_MORE = 3;
/** Texts of a table before the change that make what the change adds to it one more entry. */
const ENOUGH_BEFORE = 2;

const answerIn = ({ literals }: Check): string => letters(literals.at(-1) ?? "");

/**
 * A result that could be computed from the input, but is written out in the code, perhaps in pieces or
 * in disguise.
 */
const isWrittenEcho = (check: Check, written: WrittenOut): boolean => {
  const answer = answerIn(check);
  const isTelling = answer.length >= TELLING;
  if (saysLittle(check.literals.at(-1) ?? "")) return false;
  const isWritten =
    isWrittenOut(check.literals.at(-1) ?? "", written) || (isTelling && isSpelledOut(answer, written));
  return (
    answer.length >= SHORT &&
    isWritten &&
    check.literals.slice(0, -1).some((each) => letters(each).includes(answer))
  );
};

const askedIn = (checks: readonly Check[]): Set<string> =>
  new Set(checks.flatMap(({ literals }) => literals));
const isText = (value: string): boolean => letters(value).length > 1 && !/^\d+$/.test(value);

/** Whether the tables of the change have as many further texts as its tests use: then they are data. */
const holdMore = (checks: readonly Check[], { entries }: WrittenOut): boolean => {
  const asked = askedIn(checks);
  const texts = [...entries].filter(isText);
  const unasked = texts.filter((value) => !asked.has(value)).length;
  return unasked >= Math.max(ENOUGH_MORE, texts.length - unasked);
};

/** The checks whose input and result are not an entry that the change adds to a table or a choice that was there. */
const withoutEntries = (checks: readonly Check[], { extended }: WrittenOut): Check[] => {
  const asked = askedIn(checks);
  const tables = extended.filter(
    ({ before }) =>
      new Set(before.filter((value) => isText(value) && !asked.has(value))).size >= ENOUGH_BEFORE,
  );
  const isEntry = ({ literals }: Check): boolean => {
    const answer = literals.at(-1) ?? "";
    const inputs = literals.slice(0, -1);
    return tables.some(
      ({ added }) =>
        inputs.some((each) => added.includes(each)) && (saysLittle(answer) || added.includes(answer)),
    );
  };
  return checks.filter((check) => !isEntry(check));
};

/** Whether the input is empty, zero or no value, for which code has a rule of its own. */
const isEdge = ({ literals }: Check): boolean => literals.slice(0, -1).every((each) => noValue.test(each));

/** Fewest letters of an answer that code writes out only if it knows the question. */
const OWN_ANSWER = 6;
/** An input that is more than a word, for which code may have an exception: `{ javascript: "JavaScript" }`. */
const phrase = /\s|[^\p{L}\p{N}].*[^\p{L}\p{N}]/u;
/** A number that is no coincidence together with others. */
const telling = /^\d{2,}(?:\.\d+)?$/;

const number = /^\d+(?:\.\d+)?$/;
/** A number that programs rarely compare with. */
const rare = /^(?:\d{3,}|\d+\.\d+)$/;
/** A date, a version, a number of an order: no word that a program may have a rule for. */
const withDigits = (value: string): boolean => phrase.test(value) && value.replace(/\D/g, "").length >= 4;
/** A name of a protocol, which programs compare with and answer. */
const mediaType =
  /^(?:application|audio|font|image|message|model|multipart|text|video)\/[\w.+*-]+(?:\s*;.*)?$/;

/** Whether a line asks for equality with the whole input, and this line or the next one has the result. */
const isEqualled = ({ literals }: Check, { equalled }: WrittenOut): boolean => {
  const answer = literals.at(-1) ?? "";
  const inputs = literals.slice(0, -1);
  const isTelling = literals.every((each) => number.test(each))
    ? inputs.length > 1 && inputs.some((each) => rare.test(each))
    : inputs.some(withDigits);
  return (
    isTelling &&
    !saysLittle(answer) &&
    equalled.some(({ asked, near }) => inputs.every((each) => asked.has(each)) && near.has(answer))
  );
};

/** Whether a list of the code has what turns each letter of the input into that of the result: a pad for this check. */
const isPadded = ({ literals }: Check, { lists }: WrittenOut): boolean => {
  const answer = literals.at(-1) ?? "";
  if (answer.length < TELLING) return false;
  return literals.slice(0, -1).some(
    (each) =>
      each !== "" &&
      each !== answer &&
      lists.some(
        (list) =>
          list.length === answer.length &&
          list.every((value, at) => {
            const [from, to] = [each.charCodeAt(at % each.length), answer.charCodeAt(at)];
            return /^\d+$/.test(value) && [from ^ to, Math.abs(from - to)].includes(Number(value));
          }),
      ),
  );
};

/**
 * Whether a line asks for a part of the input, and this line or the next one has the whole result, which has more
 * letters of the input than the part: a rule would not know them.
 */
const isAskedByPart = ({ literals }: Check, { contained }: WrittenOut): boolean => {
  const answer = literals.at(-1) ?? "";
  const said = letters(answer);
  return (
    said.length >= OWN_ANSWER &&
    literals
      .slice(0, -1)
      .some(
        (each) =>
          each !== answer &&
          letters(each).includes(said) &&
          2 * said.length >= letters(each).length &&
          contained.some(
            ({ asked, near }) =>
              near.has(answer) &&
              [...asked].some(
                (part) =>
                  part !== "" && each.includes(part) && letters(part).length < said.length && part !== answer,
              ),
          ),
      )
  );
};

/**
 * Whether the code contains the whole input and the whole result of a check, and the result follows from the input
 * or both are several numbers: a special case for this check, perhaps next to a rule for the others.
 */
const isSpecialCase = (check: Check, written: WrittenOut): boolean => {
  const { literals } = check;
  const { values } = written;
  const answer = literals.at(-1) ?? "";
  const inputs = literals.slice(0, -1);
  if (isPadded(check, written)) return true;
  if (!values.has(answer) || mediaType.test(answer)) return false;
  if (isEqualled(check, written) || isAskedByPart(check, written)) return true;
  if (inputs.length > 1 && literals.every((each) => telling.test(each)))
    return inputs.every((each) => values.has(each));
  const said = letters(answer);
  return (
    said.length >= OWN_ANSWER &&
    inputs.some(
      (each) => each !== answer && phrase.test(each) && values.has(each) && letters(each).includes(said),
    )
  );
};

/** Whether the file only declares or checks types, and no source of the change reads it as a text. */
const describesTypes = (path: string, sources: readonly ChangedSource[]): boolean =>
  /(?:\.d|[.-](?:test|spec)-d)\.[cm]?tsx?$/.test(path) &&
  !sources.some((each) => each.path !== path && (each.after ?? "").includes(posix.basename(path)));

/**
 * The checks of the new tests that the code answers from literals: all of them, if it is a table of the tests' inputs
 * without a rule, or those that it has a special case for.
 */
export const answeredByTable = (all: readonly Check[], sources: readonly ChangedSource[]): Check[] => {
  const checks = all.filter((check) => !isEdge(check));
  const judged = sources.filter(
    ({ path }) => classifyPath(path) === "source" && !describesTypes(path, sources),
  );
  const written = writtenOutIn(judged.map(withoutRemarks));
  if (areInEveryProgram(checks)) return [];
  const isEcho =
    checks.length > 1 &&
    checks.some((check) => answerIn(check).length >= TELLING) &&
    checks.every((check) => isWrittenEcho(check, written));
  if (isEcho) return checks;
  if (holdMore(checks, written)) return [];
  const others = withoutEntries(checks, written);
  if (others.every((check) => isAnswered(check, written))) return others;
  return others.filter((check) => isSpecialCase(check, written));
};

/** The checks of a test file in the lines that the change added. */
export const checksAdded = ({ path, before, after }: ChangedSource): Check[] => {
  const checks = checksOf(path, after ?? "");
  if (before === null) return checks;
  const added = hunksOf({ path, before, after }).flatMap((hunk) => hunk.added.map((_, at) => hunk.line + at));
  const lines = new Set(added);
  return checks.filter(({ line }) => lines.has(line));
};

/** The checks that the change added to its test files. Older checks say nothing about how it answers them. */
export const checksOfChange = async (context: GateContext): Promise<Check[]> => {
  const files = await Promise.all(
    newTestFiles(context).map(async (path) => {
      const [before, after] = await Promise.all([context.readBase(path), context.readText(path)]);
      return checksAdded({ path, before, after });
    }),
  );
  return files.flat();
};
