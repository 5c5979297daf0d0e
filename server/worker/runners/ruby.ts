import { join } from "node:path";
import { z } from "zod";
import type { TestCase } from "../../../schemas/tests.ts";
import { eventsFile, readEvents, readReport } from "./events.ts";
import { rubyFailure } from "./failures.ts";
import { nameSeparator } from "./names.ts";
import { reportFile } from "./report-files.ts";
import { foldersOf, noResults, type RunnerAdapter, type TestResults } from "./runner.ts";

/** The used part of the report of `rspec --format json`. */
const RSpecReport = z.object({
  examples: z.array(
    z.object({
      full_description: z.string(),
      /** Missing: the process ended in this example. */
      status: z.string().nullish(),
      file_path: z.string(),
      run_time: z.number().nonnegative().nullish(),
      exception: z
        .object({
          /** Null: the class has no name. */
          class: z.string().nullish(),
          message: z.string(),
          backtrace: z.array(z.string()).nullish(),
        })
        .nullish(),
    }),
  ),
  messages: z.array(z.string()).default([]),
  summary: z.object({ errors_outside_of_examples_count: z.int().default(0) }),
});

type Example = z.infer<typeof RSpecReport>["examples"][number];

/** Removes frames of gems. The innermost frame of an error from a gem is then the line that called it. */
const testOf = ({ full_description, status, file_path, run_time, exception }: Example): TestCase[] => {
  if (status == null) return [];
  const frames = (exception?.backtrace ?? []).filter((line) => !line.includes("/gems/"));
  const failure = exception == null ? undefined : rubyFailure(exception.class ?? "", exception.message);
  return [
    {
      file: file_path,
      name: full_description,
      status: statuses[status] ?? "skipped",
      duration_ms: run_time == null ? null : run_time * 1000,
      message: status === "failed" ? [exception?.message.trim() ?? "", ...frames].join("\n") : null,
      ...(status === "failed" && failure !== undefined && { failure }),
    },
  ];
};

const statuses: Readonly<Record<string, TestCase["status"]>> = { passed: "passed", failed: "failed" };

/**
 * Errors outside of the examples, each with its own message. If a file cannot be loaded or a hook before all
 * examples fails, examples do not run. A hook after them does not have this effect.
 */
const outsideOfExamples = (
  messages: readonly string[],
  hasRun: boolean,
  otherwise: string,
): Pick<TestResults, "load_errors" | "errors"> => {
  const load_errors: TestResults["load_errors"] = [];
  const errors: TestResults["errors"] = [];
  for (const message of messages) {
    const loaded = /while loading (\S+?\.rb)\b/.exec(message)?.[1];
    const hook = /An error occurred in an? `([^`]+)` hook/.exec(message)?.[1];
    const place = /^# (?:\.\/)?(\S+?\.rb):\d+/m.exec(message)?.[1];
    if (hook !== undefined && hasRun)
      errors.push({ name: `${hook} failed${place === undefined ? "" : ` in ${place}`}`, message });
    else load_errors.push({ file: loaded ?? place ?? otherwise, message });
  }
  return { load_errors, errors };
};

export const rspec: RunnerAdapter = {
  launch: (job) => {
    const flags = job.script.args.filter((word) => word.startsWith("-"));
    const name = job.name === null ? [] : ["--example", job.name.split(nameSeparator).join(" ")];
    const report = ["--format", "progress", "--format", "json", "--out", reportFile(job, "rspec.json")];
    const words = [job.program ?? "rspec", ...flags, ...report, "--no-color", "--no-fail-fast", ...name];
    return Promise.resolve({ command: [...words, ...(job.files ?? [])], env: {} });
  },
  read: async (job, ended) => {
    const text = await readReport(reportFile(job, "rspec.json"));
    if (text === null) return noResults(false);
    const { examples, messages, summary } = RSpecReport.parse(JSON.parse(text));
    const named = messages.filter((message) => message.includes("An error occurred "));
    const all = named.length > 0 ? named : [messages.join("\n") || ended.output];
    const said = summary.errors_outside_of_examples_count > 0 ? all : [];
    const outside = outsideOfExamples(said, examples.length > 0, job.files?.[0] ?? "spec");
    return {
      ...noResults(true),
      ...outside,
      tests: examples.flatMap(testOf),
      errors: [
        ...outside.errors,
        ...examples
          .filter(({ status }) => status == null)
          .map(({ full_description }) => ({
            name: `${full_description} ended the process before all examples ran`,
            message: ended.output,
          })),
      ],
    };
  },
};

/** A reporter for minitest that tells its events as `events.ts` reads them. */
const reporter = `
require "json"
require "minitest"
module Minitest
  class CoditectReporter < AbstractReporter
    def tell(event)
      File.open(ENV.fetch("CODITECT_TEST_EVENTS"), "a") { |file| file.puts(JSON.generate(event)) }
    end
    def record(result)
      file = result.respond_to?(:source_location) ? result.source_location.first : ""
      status = result.skipped? ? "skipped" : result.passed? ? "passed" : "failed"
      message = status == "failed" ? result.failures.map { |failure| failure.message + "\\n" + failure.location }.join("\\n") : nil
      first = result.failures.first if status == "failed"
      error = first.is_a?(UnexpectedError) ? first.error : first
      thrown = error && { class: first.is_a?(UnexpectedError) ? error.class.name.to_s : "Minitest::Assertion", message: error.message.to_s }
      name = (result.respond_to?(:klass) ? result.klass : result.class.name) + " > " + result.name
      tell(type: "test", file: file, name: name, status: status, duration_ms: result.time * 1000, message: message, thrown: thrown)
    end
    def report
      tell(type: "end")
    end
  end
  def self.plugin_coditect_init(options)
    reporter << CoditectReporter.new
  end
  extensions << "coditect"
end
`;

export const minitest: RunnerAdapter = {
  files: { "coditect_minitest.rb": reporter },
  launch: (job) => {
    const { files: folder } = foldersOf(job);
    const load = "ARGV.take_while { |word| word != '--' }.each { |file| require File.expand_path(file) }";
    const files = job.files ?? [];
    const every = "Dir['test/**/{test_*,*_test}.rb'].sort.each { |file| require File.expand_path(file) }";
    const name = job.name === null ? [] : ["--", "-n", `/${job.name.split(nameSeparator).at(-1) ?? ""}/`];
    const flags = ["-Ilib", "-Itest", "-r", join(folder, "coditect_minitest.rb"), "-r", "minitest/autorun"];
    return Promise.resolve({
      command: [job.program ?? "ruby", ...flags, "-e", files.length === 0 ? every : load, ...files, ...name],
      env: { CODITECT_TEST_EVENTS: eventsFile(job) },
    });
  },
  read: async (job, ended) => {
    const { begun: _, loading: __, ...results } = await readEvents(job);
    if (results.complete || !/SyntaxError|LoadError|NameError|syntax error/.test(ended.output))
      return results;
    const named = job.files?.find((file) => ended.output.includes(file));
    const broken = named ?? /\btest\/\S+?\.rb\b/.exec(ended.output)?.[0] ?? "test";
    return { ...noResults(true), load_errors: [{ file: broken, message: ended.output }] };
  },
};
