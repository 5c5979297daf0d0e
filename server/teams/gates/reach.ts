import type { Mutant, TestReport } from "../../../schemas/tests.ts";

/** The tests that a mutant is tried with. */
export interface Reaching {
  /** Files to run; null: all of them. */
  files: string[] | null;
  /** Those of their tests that reach the mutant: tests by name, and whole files; null: every test. */
  only: string[] | null;
  /** Whether other tests run in the same process, so that one may find what another has computed. */
  isShared: boolean;
}

/** Every test of these files; null: of all files. */
export const everyTest = (files: readonly string[] | null): Reaching => ({
  files: files === null ? null : [...files],
  only: null,
  isShared: false,
});

/** Runners that load all test files into one process. */
const oneProcess = /^(mocha|pytest)$/;

/**
 * The tests of a run that reach the mutant; null: none does. A run that does not tell names them all.
 * Code that runs before the first test of a process is reached by every test.
 */
export const reaching = (
  { reached, runner, watched }: Pick<TestReport, "reached" | "runner" | "watched">,
  { id }: Pick<Mutant, "id">,
  files: readonly string[] | null,
): Reaching | null => {
  if (reached === undefined || watched !== true) return everyTest(files);
  const places = reached.filter((place) => place.id === id);
  if (places.length === 0) return null;
  if (places.some(({ file }) => file === "")) return everyTest(files);
  const whole = new Set(places.flatMap(({ file, test }) => (test === null ? [file] : [])));
  const tests = places.flatMap(({ file, test }) =>
    test === null || whole.has(file) ? [] : [`${file} > ${test}`],
  );
  return {
    files: [...new Set(places.map(({ file }) => file))].sort(),
    only: tests.length === 0 ? null : [...whole, ...tests].sort(),
    isShared: tests.length > 0 || oneProcess.test(runner),
  };
};
