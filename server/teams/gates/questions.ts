import type { LineRange, Mutant } from "../../../schemas/tests.ts";
import { asksWhere } from "./asks-where.ts";
import type { GateContext } from "./gate.ts";
import type { Fate } from "./fate.ts";

/** Kinds of mutants of a condition, as both mutators name them. */
const ofCondition =
  /^(?:ConditionalExpression|LogicalOperator|EqualityOperator|BooleanLiteral|condition|boundary)$/;
/**
 * The code that depends on a check may be this many lines below it, or below the block that begins with it.
 */
const BELOW = 3;

type Sources = Pick<GateContext, "readText">;

/** A check of where the code runs. */
interface Question {
  line: number;
  /** Where the dependent code may be: from the line itself, and from the end of its block. */
  answers: LineRange[];
}

const isAnswer = ({ answers }: Question, { line }: Mutant): boolean =>
  answers.some(({ from, to }) => from <= line && line <= to);

/** The checks in a changed file. */
const questionsIn = async (
  context: Sources,
  path: string,
  inFile: readonly Mutant[],
): Promise<Question[]> => {
  const conditions = new Set(inFile.filter(({ kind }) => ofCondition.test(kind)).map(({ line }) => line));
  const asking = asksWhere((await context.readText(path)) ?? "", (line) => conditions.has(line));
  return [...asking].map(([line, goesOn]) => {
    const blocks = inFile.filter((mutant) => mutant.line === line && mutant.kind === "BlockStatement");
    const ends = conditions.has(line) ? blocks.map(({ end_line }) => end_line) : [];
    const below = ends.map((end) => ({ from: end, to: end + BELOW }));
    return { line, answers: [{ from: line, to: goesOn ? line + BELOW : line }, ...below] };
  });
};

/** Mutants of the lines that check where the code runs, by ID. */
export const askingMutants = async (
  context: Sources,
  all: readonly Mutant[],
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  for (const path of new Set(all.map((mutant) => mutant.path))) {
    const inFile = all.filter((mutant) => mutant.path === path);
    const lines = new Set((await questionsIn(context, path, inFile)).map(({ line }) => line));
    for (const { id, line } of inFile) if (lines.has(line)) found.add(id);
  }
  return found;
};

/**
 * Mutants of a check and of the code that depends on it, if the tests have the same result with every result
 * of the check. Such code does not deceive the gate, and no test can distinguish its mutants. Code that depends
 * on another check as well, whose result the tests notice, is judged.
 */
export const indifferent = async (
  context: Sources,
  all: readonly Mutant[],
  fates: ReadonlyMap<string, Fate>,
  unreached: ReadonlySet<string>,
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  for (const path of new Set(all.map((mutant) => mutant.path))) {
    const inFile = all.filter((mutant) => mutant.path === path);
    const questions = (await questionsIn(context, path, inFile)).map((question) => {
      const asking = inFile.filter(({ line }) => line === question.line);
      return { ...question, asking, isIndifferent: asking.every(({ id }) => fates.get(id) === "survived") };
    });
    const telling = questions.filter(({ isIndifferent }) => !isIndifferent);
    for (const question of questions.filter(({ isIndifferent }) => isIndifferent)) {
      const below = inFile.filter(
        (mutant) =>
          mutant.line > question.line &&
          isAnswer(question, mutant) &&
          unreached.has(mutant.id) &&
          !telling.some((other) => isAnswer(other, mutant)),
      );
      for (const { id } of [...question.asking, ...below]) found.add(id);
    }
  }
  return found;
};

/** The missed mutants in code that runs only outside of tests. */
export const elsewhere = async (
  context: Sources,
  all: readonly Mutant[],
  missed: readonly Mutant[],
): Promise<Mutant[]> => {
  const found: Mutant[] = [];
  for (const path of new Set(missed.map((mutant) => mutant.path))) {
    const inFile = all.filter((mutant) => mutant.path === path);
    const questions = await questionsIn(context, path, inFile);
    const isHidden = (mutant: Mutant): boolean => questions.some((question) => isAnswer(question, mutant));
    found.push(...missed.filter((mutant) => mutant.path === path && isHidden(mutant)));
  }
  return found;
};
