import { runnerSteps, splitArguments, type RunnerStep } from "../../workspace/test-script.ts";
import { nodeTestArguments } from "./node-test.ts";

/** Whether a word of a command starts the program. */
export const isProgram = (word: string, name: string): boolean =>
  word === name || new RegExp(`(^|[\\\\/])${name}(\\.[cm]?js)?$`).test(word);

/** A path of files that a build writes. */
export const compiledPath = /^(\.\/)?(dist|build|out|output|compiled)(-\w+)?(\/|$)/;

/**
 * The step of a test script that starts a program of the project, such as `node scripts/test.js`. Its arguments are only
 * those for Node. Null: none or several.
 */
export const stepOfOwnProgram = (scripts: Record<string, string>): RunnerStep | null => {
  const find = (words: readonly string[]): number =>
    words.findIndex((word) => isProgram(word, "node") || isProgram(word, "tsx"));
  const [step, ...others] = runnerSteps(scripts, "test", find);
  if (step === undefined || others.length > 0) return null;
  const { args } = step.command;
  const [program] = splitArguments(args, nodeTestArguments).patterns;
  if (program === undefined || compiledPath.test(program)) return null;
  return { ...step, command: { ...step.command, args: args.slice(0, args.indexOf(program)) } };
};
