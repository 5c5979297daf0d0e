import { basename } from "node:path";
import type { TestCase } from "../../../schemas/tests.ts";
import { exists } from "../../workspace/file-access.ts";
import { oneReport } from "./by-junit.ts";
import { withMore } from "./junit.ts";
import { filesBelow, reportFile } from "./report-files.ts";
import { noResults, type RunnerAdapter } from "./runner.ts";

/** A line of the list that ends CTest's output. Labels of the test may follow. */
const failedLine = /^[ \t]*\d+ - (.+) \(([^()]+)\)(?:[ \t].*)?$/gm;

/** What CTest's words for the end of a test mean. Others are `Failed`, or signals such as `SEGFAULT`. */
const meanings: Readonly<Record<string, string>> = {
  Timeout: "CTest stopped the test because its time was up",
  "Not Run": "CTest could not start the test",
};

/**
 * The tests with the reasons in the list of failed tests at the end of CTest's output. The report contains no reason,
 * and calls a test skipped whose program does not exist.
 */
export const withReasons = (tests: readonly TestCase[], output: string): TestCase[] => {
  const list = output.slice(Math.max(0, output.lastIndexOf("The following tests FAILED:")));
  const reasons = new Map([...list.matchAll(failedLine)].map(([, name = "", why = ""]) => [name, why]));
  return tests.map((test) => {
    const why = reasons.get(test.name);
    if (why === undefined || why === "Failed") return test;
    const message = withMore(meanings[why] ?? `The test ended with ${why}`, test.message ?? "");
    return { ...test, status: "failed", message };
  });
};

/** CTest runs what CMake has built, so the project is configured and built first, in a separate folder. */
export const ctest: RunnerAdapter = {
  launch: (job) => {
    const folder = exists(`${job.folder}/build/CMakeCache.txt`) ? "build" : ".coditect-build";
    const name = job.name === null ? "" : ' -R "$1"';
    const steps = [
      `cmake -S . -B ${folder} >"$2" 2>&1 || { cat "$2"; exit 126; }`,
      `cmake --build ${folder} >"$2" 2>&1 || { cat "$2"; exit 125; }`,
      `exec ctest --test-dir ${folder} --output-on-failure --output-junit "$0"${name}`,
    ];
    const words = [reportFile(job), job.name ?? "", reportFile(job, "build.log")];
    return Promise.resolve({ command: ["/bin/sh", "-c", steps.join("; "), ...words], env: {} });
  },
  read: async (job, ended) => {
    const results = await oneReport(job, ({ name }) => name);
    if (ended.exit_code !== 125) return { ...results, tests: withReasons(results.tests, ended.output) };
    // The linker names an object's source without its folder.
    const compiled = /^(.+?\.(?:c|cc|cpp|cxx|h|hpp)):\d+/m.exec(ended.output)?.[1];
    const linked = /^(?:.*: )?(\S+\.(?:c|cc|cpp|cxx)):\(\.text/m.exec(ended.output)?.[1];
    const sources = linked === undefined ? [] : await filesBelow(job.folder, /\.(?:c|cc|cpp|cxx)$/);
    const found = sources.find((path) => linked !== undefined && basename(path) === basename(linked));
    const file = compiled ?? found ?? "CMakeLists.txt";
    return { ...noResults(true), load_errors: [{ file, message: ended.output }] };
  },
};
