import { Instrumenter, type InstrumentResult } from "@stryker-mutator/instrumenter";
import { parentPort, workerData } from "node:worker_threads";
import { MutationRequest, REACH, type Mutation, type MutationRefusal } from "./mutation.ts";

type MutantOfFile = InstrumentResult["mutants"][number];

const silent = () => undefined;
const no = () => false;
const logger = {
  isTraceEnabled: no,
  isDebugEnabled: no,
  isInfoEnabled: no,
  isWarnEnabled: no,
  isErrorEnabled: no,
  isFatalEnabled: no,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
};

/**
 * The name under which a file is parsed. All files are parsed as TypeScript, because Babel would look for the
 * project's own configuration for JavaScript files, and run it.
 */
const parsedAs = (path: string): string => (/\.[cm]?ts$/.test(path) ? `${path}.ts` : `${path}.tsx`);
const pathOf = (name: string): string => name.replace(/\.tsx?$/, "");

/** A comment with which the judged code could turn its own mutants off. */
const directive = /Stryker(?=\s+(disable|restore)\b)/g;

/** A comparison of two plain expressions. */
const comparison = /^([\w$.[\]()+\-*%,\s]+) (<=?|>=?) ([\w$.[\]()+\-*%,\s]+)$/;
const opposite: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };

const LONGEST_REASON = 200;

const boundaryOf = (id: string): string => `${id}=`;

interface Boundary {
  mutated: string;
  left: string;
  right: string;
  /** The operator of the code that was mutated. */
  operator: string;
}

/** The comparisons that are wrong only if both sides are equal, by mutant. */
const boundariesOf = (
  mutants: readonly Pick<MutantOfFile, "id" | "fileName" | "location" | "mutatorName" | "replacement">[],
): ReadonlyMap<string, Boundary> => {
  const boundaries = new Map<string, Boundary>();
  const seen = new Set<string>();
  for (const { id, fileName, location, mutatorName, replacement } of mutants) {
    const place = JSON.stringify([fileName, location]);
    // A comparison has two mutants. The first one moves its boundary, the second one inverts it.
    if (mutatorName !== "EqualityOperator" || seen.has(place)) continue;
    seen.add(place);
    const [, left, mutatedBy = "", right] = comparison.exec(replacement) ?? [];
    const operator = opposite[mutatedBy];
    if (left === undefined || right === undefined || operator === undefined) continue;
    if (/\b(await|yield)\b/.test(replacement)) continue;
    boundaries.set(id, { mutated: replacement, left, right, operator });
  }
  return boundaries;
};

/** Adds a switch before each of these mutants, which throws an error as soon as both sides are equal. */
const withBoundaries = (content: string, boundaries: ReadonlyMap<string, Boundary>): string =>
  content.replaceAll(/(\bstryMutAct_\w+)\("(\d+)"\) \? /g, (found, act: string, id: string, at: number) => {
    const boundary = boundaries.get(id);
    if (boundary === undefined || !content.startsWith(boundary.mutated, at + found.length)) return found;
    const { left, right, operator } = boundary;
    const error = 'throw new RangeError("Both sides are equal.")';
    const compare = `((one, other) => { if (one == other) ${error}; return one ${operator} other; })(${left}, ${right})`;
    return `${act}("${boundaryOf(id)}") ? ${compare} : ${found}`;
  });

/** The usual encoding. Without its name, the code gets bytes, which mean the same or make it crash. */
const encoding = /^["']utf-?8["']$/i;

/** The code that a mutant replaces, if it is in one line. */
const codeAt = (files: MutationRequest, { fileName, location: { start, end } }: MutantOfFile): string => {
  const text = files.find(({ path }) => parsedAs(path) === fileName)?.text ?? "";
  return start.line === end.line ? (text.split("\n")[start.line] ?? "").slice(start.column, end.column) : "";
};

const otherTextOf = (id: string): string => `${id}~`;
/** A returned text, which a mutant empties. */
const returned = /((?:\breturn|=>)\s+)(stryMutAct_\w+)\("(\d+)"\) \? "" : /g;

/** Adds another text to each returned one: a test that any text satisfies does not notice it. */
const withOtherTexts = (content: string): string =>
  content.replaceAll(
    returned,
    (found, before: string, act: string, id: string) =>
      `${before}${act}("${otherTextOf(id)}") ? "Another text" : ${found.slice(before.length)}`,
  );

const returnedTexts = (contents: readonly string[]): ReadonlySet<string> =>
  new Set(contents.flatMap((content) => [...content.matchAll(returned)].map(([, , , id = ""]) => id)));

/** Keeps compilers from judging the types of the switches: projects that compile before their tests would not start. */
const withoutTypeChecks = (content: string): string => {
  const [shebang = ""] = /^#!.*\n/.exec(content) ?? [];
  const code = content.slice(shebang.length).replace(/(\/\/\s*)@ts-check\b/g, "$1");
  return `${shebang}// @ts-nocheck\n${code}`;
};

/** Adds an error to each function and block that a mutant would empty, to show which ones tests reach. */
const withReach = (content: string): string => {
  const reached = `{ throw new RangeError("It was reached."); }`;
  return content
    .replaceAll(
      /(\bstryMutAct_\w+)\("\d+"\) \? \(\) => undefined : /g,
      (found, act: string) => `${act}("${REACH}") ? () => ${reached} : ${found}`,
    )
    .replaceAll(
      /if \((stryMutAct_\w+)\("\d+"\)\) \{\s*\{\s*\}\s*\} else \{/g,
      (found, act: string) => `if (${act}("${REACH}")) ${reached} else ${found}`,
    );
};

/** Writes every mutant of the changed lines into their files, each behind a switch. */
const mutationOf = async (files: MutationRequest): Promise<Mutation> => {
  const instrumenter = new Instrumenter(logger);
  const result = await instrumenter.instrument(
    files.map(({ path, text, ranges }) => ({
      name: parsedAs(path),
      content: text.replaceAll(directive, (found) => found.toLowerCase()),
      // The instrumenter counts lines from 0.
      mutate: ranges.map(({ from, to }) => ({
        start: { line: from - 1, column: 0 },
        end: { line: to, column: 0 },
      })),
    })),
    { plugins: null, excludedMutations: ["Regex", "OptionalChaining"], ignorers: [] },
  );
  const boundaries = boundariesOf(result.mutants);
  const texts = returnedTexts(result.files.map(({ content }) => content));
  return {
    files: result.files.map(({ name, content }) => ({
      path: pathOf(name),
      text: withoutTypeChecks(withReach(withBoundaries(withOtherTexts(content), boundaries))),
    })),
    mutants: result.mutants
      .filter(({ statusReason }) => statusReason === undefined)
      .filter((mutant) => mutant.mutatorName !== "StringLiteral" || !encoding.test(codeAt(files, mutant)))
      .map(({ id, fileName, location, mutatorName, replacement }) => ({
        id,
        path: pathOf(fileName),
        line: location.start.line + 1,
        end_line: location.end.line + 1,
        kind: mutatorName,
        replacement,
        ...(boundaries.has(id) ? { boundary: boundaryOf(id) } : {}),
        ...(texts.has(id) ? { other_text: otherTextOf(id) } : {}),
      })),
  };
};

/** Why a text cannot be parsed, without the excerpt of code and the name under which it was parsed. */
const refusalOf = (error: unknown, files: MutationRequest): string => {
  const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  const file = files.find(({ path }) => first.includes(parsedAs(path)))?.path;
  const reason = first.slice(first.lastIndexOf(parsedAs(file ?? "")) + parsedAs(file ?? "").length);
  return file === undefined
    ? `The changed sources cannot be parsed: ${first.slice(0, LONGEST_REASON)}`
    : `${file} cannot be parsed${reason.slice(0, LONGEST_REASON)}`;
};

const run = async (): Promise<void> => {
  const files = MutationRequest.parse(workerData);
  parentPort?.postMessage("ready");
  // If the parser refuses a text, the change is to blame.
  const answer = await mutationOf(files).catch((error: unknown): MutationRefusal => ({
    refused: refusalOf(error, files),
  }));
  parentPort?.postMessage(answer);
};
void run();
