import type { Mutant, TestReport } from "../../../schemas/tests.ts";

/** The tests that a mutant is tried with. */
export interface Reaching {
  /** Files to run; null for all files. */
  files: string[] | null;
  /** The tests in these files that reach the mutant, by name, and whole files; null for every test. */
  only: string[] | null;
  /** Whether other tests run in the same process, so that one may find what another has computed. */
  isShared: boolean;
}

/** Every test of these files, or of all files if null. */
export const everyTest = (files: readonly string[] | null): Reaching => ({
  files: files === null ? null : [...files],
  only: null,
  isShared: false,
});

/** Runners that load all test files into one process. */
const oneProcess = /^(mocha|pytest)$/;

/**
 * The tests of a run that reach the mutant; null if no test reaches it. If the run did not measure this, the result
 * contains all tests. Every test reaches code that runs before the first test of its process.
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
