import type { TestCase, TestReport } from "../../../schemas/tests.ts";

/** The variable parts of a test's name: times, places in temporary folders, ports, addresses, random ids. */
const changing = new RegExp(
  [
    /\d{4}-\d\d-\d\d[T _][\d:.]+(Z|[ _]?[+-]\d\d:?\d\d)?([ _][A-Z]{3,4}(?![a-z]))?([ _]m=[+-][\d.]+)?/,
    /(Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ _]([A-Z][a-z]{2}[ _]{1,2}\d\d?|\d\d?[ _][A-Z][a-z]{2})[ _](\d{4}|(?=\d{1,2}:\d\d))/,
    /(?<![\d:])\d{1,2}:\d\d:\d\d(\.\d+)?(?![\d:])/,
    /(?<=\b(?:p?pid|process(?:[ _]id)?)[ _:=#]{1,2})\d{1,7}\b/,
    /\b\d{10,}(\.\d+)?\b/,
    /\b\d+\.\d{6,}(e-?\d+)?\b/,
    /(\/private)?\/(tmp|var\/(tmp|folders))\/[^\s'")\]]+/,
    /[A-Z]:\\[^\s'")\]]*\\Temp\\[^\s'")\]]+/,
    /(?<=\b(localhost|127\.0\.0\.1|\[::1?\]|0\.0\.0\.0):)\d{4,5}\b/,
    /\b0x[0-9a-f]{6,16}\b/,
    /\b[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\b/,
    /\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b/,
    /(?<![a-z0-9])(?=(?:[a-z]+\d+){2}[a-z]|(?:\d+[a-z]+){2}\d)[a-z0-9]{8,}(?![a-z0-9])/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gi",
);

/** The identity of a test over several runs: its name without the variable parts. */
export const testId = ({ file, name }: Pick<TestCase, "file" | "name">): string =>
  `${file} > ${name.replace(changing, "…")}`;

/** The name of a test as people read it: a report of TAP or CTest names no file. */
export const testLabel = (id: string): string => id.replace(/^ > /, "");

/** Whether the entry is a test file as a whole, which some runners report like a test. */
export const isFileEntry = ({ file, name }: Pick<TestCase, "file" | "name">): boolean =>
  file !== "" && (name === file || name.endsWith(`/${file}`) || file.endsWith(`/${name}`));

/**
 * The tests that a watched run of the same files reports as well. It reports no file as a test that passes, which runs
 * without a witness do if there is no test in the file. Entries of deleted files stay, because nothing replaces them.
 */
export const asIfWatched = (report: TestReport, deleted: ReadonlySet<string>): TestReport => ({
  ...report,
  tests: report.tests.filter(
    (test) => !(isFileEntry(test) && test.status === "passed" && !deleted.has(test.file)),
  ),
});

const failures = (report: TestReport): TestCase[] => report.tests.filter(({ status }) => status === "failed");

/** The number of tests of each name that have this outcome. Several tests may have the same name. */
const tally = (tests: readonly TestCase[], status: TestCase["status"] | null = null): Map<string, number> => {
  const counted = new Map<string, number>();
  for (const test of tests)
    if (status === null || test.status === status)
      counted.set(testId(test), (counted.get(testId(test)) ?? 0) + 1);
  return counted;
};

/** Tests that fail now and did not fail before. Of several tests with the same name, only the additional ones. */
export const newlyFailing = (before: TestReport, after: TestReport): TestCase[] => {
  const known = tally(before.tests, "failed");
  return failures(after).filter((test) => {
    const left = known.get(testId(test)) ?? 0;
    known.set(testId(test), left - 1);
    return left <= 0;
  });
};

/** New errors outside of tests, and files that can no longer be loaded. */
export const newErrors = (before: TestReport, after: TestReport): { name: string; message: string }[] => {
  const known = new Set(errorsOf(before).map(({ name }) => name));
  return errorsOf(after).filter(({ name }) => !known.has(name));
};

const errorsOf = ({ load_errors, errors }: TestReport): { name: string; message: string }[] => [
  ...load_errors.map(({ file, message }) => ({ name: `${file} could not be loaded`, message })),
  ...errors.map(({ name, message }) => ({ name: name.replace(changing, "…"), message })),
];

/** What passed before the run and no longer does, over the whole suite. */
export interface Regression {
  broken: TestCase[];
  errors: { name: string; message: string }[];
  /** Tests that passed before and no longer exist, in files that the run did not change. */
  gone: string[];
  /** Tests that passed before and are skipped now, in files that the run did not change. */
  skipped: string[];
  /** Test programs that ran before and did not run this time. */
  missing: string[];
}

/** Compares the whole suite before and after the run. `changed` are the files that the run changed. */
export const compareRuns = (
  before: TestReport,
  after: TestReport,
  changed: ReadonlySet<string>,
): Regression => {
  const unchanged = (tests: readonly TestCase[]) => tests.filter(({ file }) => !changed.has(file));
  const unloaded = new Set(after.load_errors.map(({ file }) => file));
  const present = tally(after.tests);
  const total = tally(before.tests);
  const skippedNow = tally(unchanged(after.tests), "skipped");
  const skippedBefore = tally(before.tests, "skipped");
  const passed = unchanged(before.tests).filter(({ status }) => status === "passed");
  const ids = [...new Set(passed.filter(({ file }) => !unloaded.has(file)).map(testId))];
  const gone = ids.filter((id) => (present.get(id) ?? 0) < (total.get(id) ?? 0));
  return {
    broken: newlyFailing(before, after),
    errors: newErrors(before, after),
    gone: withoutRenamed(gone, newNames(total, present)),
    skipped: ids.filter((id) => (skippedNow.get(id) ?? 0) > (skippedBefore.get(id) ?? 0)),
    // A run that was stopped shows nothing of its programs.
    missing: before.outcome === "timed_out" ? [] : missingParts(before, after),
  };
};

/** Names that more tests have now than before. Each name occurs once for each additional test. */
const newNames = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] =>
  [...after].flatMap(([id, count]) => Array<string>(Math.max(0, count - (before.get(id) ?? 0))).fill(id));

/**
 * Leaves out a missing test if a new test has the same name except for one random ID. An ID that happens to have few
 * digits is not recognised by itself, only by comparing both names.
 */
const withoutRenamed = (gone: readonly string[], added: readonly string[]): string[] => {
  if (gone.length === 0) return [];
  // Names are looked up by their shapes, because comparing all pairs takes long if many names have changed.
  const left = new Map<string, Set<number>>();
  const used = new Set<number>();
  added.forEach((id, index) => {
    for (const shape of shapesOf(id)) left.set(shape, (left.get(shape) ?? new Set<number>()).add(index));
  });
  return gone.filter((id) => {
    for (const shape of shapesOf(id, true)) {
      const places = left.get(shape) ?? new Set<number>();
      for (const place of places) {
        places.delete(place);
        if (used.has(place)) continue;
        used.add(place);
        return false;
      }
    }
    return true;
  });
};

const randomId = /^(?:…|[a-z0-9]{8,14})$/;
/** Longer names, and names with more words that could be IDs, are compared unchanged. */
const LONGEST_SHAPED = 500;
const MOST_SHAPES = 20;

/**
 * The name without each of its possible IDs in turn, and whether the test's identity already leaves this ID out.
 * With `isOther`, the shapes are those of a name that differs in this.
 */
const shapesOf = (id: string, isOther = false): string[] => {
  if (id.length > LONGEST_SHAPED) return [];
  const words = id.split(/([^a-z0-9…]+)/i);
  const places = words.flatMap((word, place) => (randomId.test(word) ? [place] : []));
  if (places.length > MOST_SHAPES) return [];
  return places.map((place) => {
    const isLeftOut = (words[place] === "…") !== isOther;
    return `${isLeftOut ? "…" : "id"} ${place} ${words.with(place, "").join("\0")}`;
  });
};

/** Programs that ran more often before than now. Several may have the same name. */
const missingParts = (before: TestReport, after: TestReport): string[] => {
  const left = after.parts.map(({ name }) => name);
  return before.parts
    .map(({ name }) => name)
    .filter((name) => {
      const place = left.indexOf(name);
      if (place >= 0) left.splice(place, 1);
      return place < 0;
    });
};

/** Tests, files and errors that were broken before the run and still are. */
export const stillBroken = (before: TestReport, after: TestReport): string[] => {
  const known = new Set([...failures(before).map(testId), ...errorsOf(before).map(({ name }) => name)]);
  const now = [...failures(after).map(testId), ...errorsOf(after).map(({ name }) => name)];
  return [...new Set(now.filter((name) => known.has(name)))];
};

/** How runners report a snapshot that does not exist yet, if they may not write one. */
const unwritten =
  /New snapshot was not written|No snapshot available for assertion|Snapshot .* does not exist|Missing snapshots?|Cannot read snapshot|Snapshot `[^`]*` mismatched[^]*?(Expected: undefined|- Expected\s*\n?\s*""?)/;

/** Whether the test fails because a stored snapshot is missing, whatever the code does. */
export const awaitsSnapshot = ({ message }: TestCase): boolean => unwritten.test(message ?? "");
