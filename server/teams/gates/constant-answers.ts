import { testId } from "./compare.ts";
import { functionsIn, type WrittenFunction } from "./functions.ts";
import { measuredRun, type GateContext, type Measured } from "./gate.ts";
import { writtenLines, type ChangedSource } from "./hunks.ts";
import { named, newTestFiles } from "./test-run.ts";
import { bracketed, codeOf, noCodeOf } from "./test-text.ts";
import { canThrow, runThrowing } from "./throwing.ts";
import type { LineRange } from "../../../schemas/tests.ts";

/** Words of an expression that are no variables, and functions of the language without any state. */
const fixed = new Set(
  (
    "return const let async await new null undefined true false None True False NaN Infinity String Number Boolean Array Object " +
    "Math JSON BigInt Map Set Promise Symbol Buffer str int float bool list dict set tuple len"
  ).split(" "),
);
/** Results that say little: code may have nothing to do with what it is given. */
const saysLittle =
  /^\(?(?:|null|undefined|void 0|None|true|false|True|False|-?[01](?:\.0*)?|""|''|``|\[\s*\]|\{\s*\}|Promise\.resolve\(\)|Promise\.resolve\((?:null|undefined|true|false)\))\)?$/;
const literal = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`|\b\d[\w.]*/g;
/** A name that is no member and no key. Three dots before it spread its value. */
const variable = /(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*(?!\s*:)/g;
const remark = /\/\*[^]*?\*\/|(?<=^|\s)(?:\/\/|#)[^\n]*/g;

/** What the function gives back, as the text of each expression. */
const resultsOf = ({ body, isExpression }: WrittenFunction): string[] =>
  isExpression
    ? [body]
    : [...body.matchAll(/\breturn\b([^;\n]*(?:[[({][^;]*)?)/g)].map(([, result = ""]) => result);

/** Constants of a module: names that stand for a literal. */
const constantsIn = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^(?:export\s+)?(?:const\s+([\w$]+)|([A-Z_][A-Z\d_]*))\s*=\s*["'`\d[{(-]/gm)].map(
      ([, one, other = ""]) => one ?? other,
    ),
  );

/** Whether each call of the function gives the same, and that is a value of its own. */
const isConstant = (written: WrittenFunction, constants: ReadonlySet<string>): boolean => {
  const body = written.body.replace(remark, "");
  const names = body.replace(literal, "").match(variable) ?? [];
  const own = new Set(
    [...body.matchAll(/\b(?:const|let)\s+([\w$]+)|^\s*(\w+)\s*=(?![=>])/gm)].map(([, a, b = ""]) => a ?? b),
  );
  const isFixed = (name: string): boolean => fixed.has(name) || own.has(name) || constants.has(name);
  return (
    names.every((name) => isFixed(name) && !written.parameters.includes(name)) &&
    resultsOf({ ...written, body }).some((result) => !saysLittle.test(result.trim()))
  );
};

const asPattern = (name: string): string => name.replaceAll("$", "\\$");

/** The arguments of each call of this name in the code of tests, as they are written. Titles and remarks are no calls. */
const argumentsOf = (name: string, path: string, tests: readonly string[]): string[] =>
  tests.flatMap((text) => {
    const code = codeOf(text, noCodeOf(path));
    const calls = code.matchAll(new RegExp(`(?<![\\w$])${asPattern(name)}(?=\\()`, "g"));
    return [...calls].map(({ index }) => {
      const open = index + name.length;
      return text.slice(open + 1, open + bracketed(code, open).length - 1).trim();
    });
  });

/** Whether the tests call this name with an argument. */
const isGiven = (name: string, path: string, tests: readonly string[]): boolean =>
  argumentsOf(name, path, tests).some((given) => given !== "");

/**
 * Whether the tests call this name with different arguments: no result but the same one can be right for all. A table
 * or a loop gives different ones to a variable.
 */
const isGivenOthers = (name: string, path: string, tests: readonly string[]): boolean => {
  const repeats = tests.some((text) =>
    /\.each\b|\bparametrize\b|\bfor\b|\bforEach\b/.test(codeOf(text, noCodeOf(path))),
  );
  const given = new Set(argumentsOf(name, path, tests).filter((each) => each !== ""));
  return given.size > 1 || (repeats && [...given].some((each) => /^[A-Za-z_$][\w$.]*$/.test(each)));
};

/** Classes that do not look at what they are made with, with their lines. */
const unheedingClasses = (
  path: string,
  text: string,
  functions: readonly WrittenFunction[],
): (LineRange & { name: string })[] => {
  const lines = text.split("\n");
  const classes = lines.flatMap((line, index) => {
    const [, name = "", above] =
      /^\s*(?:export\s+)?(?:default\s+)?class\s+(\w+)(?:\s+extends\s+([\w.]+)|\(([\w.]*)\))?/.exec(line) ??
      [];
    if (name === "") return [];
    const after = lines
      .slice(index + 1)
      .findIndex((each) => (path.endsWith(".py") ? /^\S/ : /^\}/).test(each));
    return [{ name, above, from: index + 1, to: after < 0 ? lines.length : index + 1 + after }];
  });
  const isUnheeding = ({ from, to, above }: (typeof classes)[number]): boolean => {
    const inside = lines.slice(from, to).join("\n");
    const parent = classes.find(({ name }) => name === above);
    const made = functions.find((each) => each.name === "__init__" && from <= each.from && each.to <= to);
    if (path.endsWith(".py"))
      return made !== undefined && /^[\s:]*(?:"""[^]*?"""\s*)?pass\s*$/.test(made.body);
    return (
      !/\bconstructor\s*\(/.test(inside) &&
      (above === undefined || (parent !== undefined && isUnheeding(parent)))
    );
  };
  return classes.filter(isUnheeding);
};

/**
 * Functions of the change that give the same for whatever they are given: they name none of their parameters, or the
 * tests give them arguments that they do not take.
 */
export const constantsAmong = (source: ChangedSource, tests: readonly string[]): WrittenFunction[] => {
  const { path, after } = source;
  if (after === null || !canThrow(path)) return [];
  const functions = functionsIn(path, after);
  const classes = unheedingClasses(path, after, functions).filter(({ name }) => isGiven(name, path, tests));
  const changed = writtenLines(source);
  const constants = constantsIn(after);
  return functions
    .filter(({ from, to }) => changed.some((range) => range.from <= to && from <= range.to))
    .filter((each) => isConstant(each, constants))
    .filter(({ name }) => !isGivenOthers(name, path, tests))
    .filter(
      ({ name, parameters, from, to }) =>
        parameters.length > 0 ||
        isGiven(name, path, tests) ||
        classes.some((range) => range.from <= from && to <= range.to),
    );
};

const without = (lines: number, left: readonly LineRange[]): LineRange[] => {
  const kept: LineRange[] = [];
  for (let line = 1; line <= lines; line += 1) {
    if (left.some(({ from, to }) => from <= line && line <= to)) continue;
    const last = kept.at(-1);
    if (last?.to === line - 1) last.to = line;
    else kept.push({ from: line, to: line });
  }
  return kept;
};

/**
 * New tests that run no function of the changed sources but those that give the same for every input: they pass while
 * all other functions throw, and fail while these throw. Null if a new test needs more.
 */
export const constantAnswers = async (
  context: GateContext,
  sources: readonly ChangedSource[],
): Promise<Measured | null> => {
  const proven = context.provenTests?.proven ?? [];
  const tests = (await Promise.all(newTestFiles(context).map((path) => context.readText(path)))).map(
    (text) => text ?? "",
  );
  const found = sources.map((source) => ({ source, constants: constantsAmong(source, tests) }));
  const constants = found.flatMap(({ source, constants: each }) =>
    each.map((one) => ({ ...one, path: source.path })),
  );
  if (proven.length === 0 || constants.length === 0) return null;
  const files = found.flatMap(({ source: { path, after }, constants: left }) =>
    after === null || !canThrow(path) ? [] : [{ path, text: after, left }],
  );
  const others = files.map(({ left, ...file }) => ({
    ...file,
    ranges: without(file.text.split("\n").length, left),
  }));
  const alone = files.map(({ left, ...file }) => ({
    ...file,
    ranges: left.map(({ from, to }) => ({ from, to })),
  }));
  const own = { files: newTestFiles(context) };
  const unneeded = await runThrowing(context, others, own);
  const passed = unneeded === null ? new Set<string>() : named(unneeded, "passed");
  const report = proven.every((id) => passed.has(id)) ? await runThrowing(context, alone, own) : null;
  await context.ground.prepare(context.changes);
  const failed = new Set(report?.tests.filter(({ status }) => status === "failed").map(testId));
  if (report === null || !proven.every((id) => failed.has(id))) return null;
  const names = constants.map(({ name, path, from }) => `${name} (${path}:${from})`);
  return {
    held: false,
    reason: `The code gives the same answer for every input: ${names[0] ?? ""} does not use what it is given. Add a test with another input.`,
    evidence: [
      ...names.map((each) => `gives the same for every input: ${each}`),
      ...proven.map((id) => `needs nothing else: ${id}`),
    ],
    ...measuredRun(report),
  };
};
