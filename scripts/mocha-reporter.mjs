// Mocha's own "spec" output, with a line every few seconds that says how far the suite is, and a
// summary in the file that COUNTS_FILE names: how many tests passed, which failed and by what error, and
// which were skipped and why: `skipReason` of test/support/skip.ts.
import Mocha from "mocha";
import { writeFileSync } from "node:fs";
import { duration } from "./duration.mjs";

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_TEST_END, EVENT_RUN_END } =
  Mocha.Runner.constants;

const PROGRESS_MS = 10_000;

const reasonOf = (test) => {
  for (let runnable = test; runnable; runnable = runnable.parent)
    if (runnable.skipReason !== undefined) return runnable.skipReason;
  return "no reason given";
};

export default class extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failures: [], skipped: [] };
    runner.on(EVENT_TEST_PASS, () => (counts.passed += 1));
    runner.on(EVENT_TEST_FAIL, (test, error) =>
      counts.failures.push({ title: test.fullTitle(), error: error.stack ?? String(error) }),
    );
    runner.on(EVENT_TEST_PENDING, (test) =>
      counts.skipped.push({ title: test.fullTitle(), reason: reasonOf(test) }),
    );
    const started = Date.now();
    let shown = started;
    runner.on(EVENT_TEST_END, () => {
      if (Date.now() - shown < PROGRESS_MS) return;
      shown = Date.now();
      const done = counts.passed + counts.failures.length + counts.skipped.length;
      console.log(`  ── ${done} of ${runner.total} tests, ${duration(shown - started)}`);
    });
    runner.once(EVENT_RUN_END, () => {
      const file = process.env.COUNTS_FILE;
      if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
    });
  }
}
