import { join } from "node:path";
import sax from "sax";
import type { TestCase } from "../../../schemas/tests.ts";
import { readReport } from "./events.ts";
import { classSources } from "./class-sources.ts";
import { netFailure } from "./failures.ts";
import { withMore } from "./junit.ts";
import { nameSeparator } from "./names.ts";
import { filesBelow } from "./report-files.ts";
import { netFrames } from "./project-frames.ts";
import { noResults, type RunnerAdapter, type TestResults } from "./runner.ts";

const outcomes: Readonly<Record<string, TestCase["status"]>> = {
  Passed: "passed",
  Completed: "passed",
  Warning: "passed",
  Failed: "failed",
  Error: "failed",
  Timeout: "failed",
  Aborted: "failed",
  Disconnected: "failed",
  NotRunnable: "failed",
  PassedButRunAborted: "failed",
};

/** Converts `00:00:01.2345678` to milliseconds. */
const milliseconds = (duration: string): number | null => {
  const [, hours, minutes, seconds] = /^(\d+):(\d+):([\d.]+)$/.exec(duration) ?? [];
  return seconds === undefined
    ? null
    : (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
};

/** The tests of a report of Visual Studio's test platform (`.trx`). `file` is the class of the test. */
export const readTrx = (xml: string): TestCase[] => {
  const classes = new Map<string, string>();
  const tests: { id: string; test: TestCase }[] = [];
  let definition = "";
  let text = "";
  const parser = sax.parser(true);
  parser.onerror = (error) => {
    throw error;
  };
  parser.onopentag = ({ name, attributes }) => {
    const of = (key: string): string => {
      const value = attributes[key];
      return typeof value === "string" ? value : "";
    };
    if (name === "UnitTest") definition = of("id");
    if (name === "TestMethod") classes.set(definition, of("className"));
    if (name === "UnitTestResult")
      tests.push({
        id: of("testId"),
        test: {
          file: "",
          name: of("testName"),
          status: outcomes[of("outcome")] ?? "skipped",
          duration_ms: milliseconds(of("duration")),
          message: null,
        },
      });
    text = "";
  };
  parser.ontext = (more) => {
    text += more;
  };
  parser.onclosetag = (name) => {
    const test = tests.at(-1)?.test;
    if (test?.status !== "failed" || (name !== "Message" && name !== "StackTrace")) return;
    if (name === "Message" && test.message === null) {
      const failure = netFailure(text);
      if (failure !== undefined) test.failure = failure;
    }
    test.message = withMore(test.message, name === "Message" ? text.trim() : netFrames(text.trim()));
  };
  parser.write(xml).close();
  return tests.map(({ id, test }) => ({ ...test, file: classes.get(id) ?? "" }));
};

/** Files that could not be compiled, each with its errors. A build repeats its errors at the end. */
const uncompiledFiles = (output: string): TestResults["load_errors"] => {
  const errors = new Map<string, Set<string>>();
  for (const [line, file = ""] of output.matchAll(
    /^[ \t]*(\S[^\n]*?\.(?:cs|fs|vb))\(\d+,\d+\): error [^\n]*/gm,
  ))
    errors.set(file, (errors.get(file) ?? new Set()).add(line.trim()));
  return [...errors].map(([file, said]) => ({ file, message: [...said].join("\n") }));
};

/** .NET's own runner. */
export const dotnet: RunnerAdapter = {
  launch: (job) => {
    const classes = job.files?.map((file) => file.replace(/^.*\//, "").replace(/\.\w+$/, ""));
    const wanted = classes?.map((name) => `FullyQualifiedName~${name}`) ?? [];
    const named = job.name === null ? [] : [`DisplayName~${job.name.split(nameSeparator).at(-1) ?? ""}`];
    const filter = [...(named.length > 0 ? named : wanted)].join("|");
    return Promise.resolve({
      command: [
        job.program ?? "dotnet",
        "test",
        "--nologo",
        "--logger",
        "trx",
        "--results-directory",
        join(job.reportFolder, "trx"),
        ...(filter === "" ? [] : ["--filter", filter]),
      ],
      env: { DOTNET_CLI_TELEMETRY_OPTOUT: "1", DOTNET_NOLOGO: "1", DOTNET_SKIP_FIRST_TIME_EXPERIENCE: "1" },
    });
  },
  read: async (job, ended) => {
    const folder = join(job.reportFolder, "trx");
    const reports = await filesBelow(folder, /\.trx$/);
    const sources = await filesBelow(job.folder, /\.(cs|fs|vb)$/);
    const find = classSources(job.folder, sources, ["cs", "fs", "vb"]);
    const texts = await Promise.all(reports.map((path) => readReport(join(folder, path))));
    const tests = texts
      .flatMap((text) => (text === null ? [] : readTrx(text)))
      .map((test) => ({ ...test, file: find(test.file) }));
    const load_errors = ended.exit_code === 0 ? [] : uncompiledFiles(ended.output);
    return { ...noResults(reports.length > 0 || load_errors.length > 0), tests, load_errors };
  },
};
