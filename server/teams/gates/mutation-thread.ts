import { Instrumenter } from "@stryker-mutator/instrumenter";
import { parentPort, workerData } from "node:worker_threads";
import { MutationRequest, type Mutation } from "./mutation.ts";

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
 * The name a file is parsed under. All of it is parsed as TypeScript: for JavaScript alone Babel would
 * look for the project's own configuration, and run it.
 */
const parsedAs = (path: string): string => (/\.[cm]?ts$/.test(path) ? `${path}.ts` : `${path}.tsx`);
const pathOf = (name: string): string => name.replace(/\.tsx?$/, "");

/** Writes every mutant of the changed lines into their files, each behind a switch. */
const run = async (): Promise<void> => {
  const files = MutationRequest.parse(workerData);
  const instrumenter = new Instrumenter(logger);
  const result = await instrumenter.instrument(
    files.map(({ path, text, ranges }) => ({
      name: parsedAs(path),
      content: text,
      // The instrumenter counts lines from 0.
      mutate: ranges.map(({ from, to }) => ({
        start: { line: from - 1, column: 0 },
        end: { line: to, column: 0 },
      })),
    })),
    { plugins: null, excludedMutations: ["Regex"], ignorers: [] },
  );
  const mutation: Mutation = {
    files: result.files.map(({ name, content }) => ({ path: pathOf(name), text: content })),
    mutants: result.mutants
      .filter(({ statusReason }) => statusReason === undefined)
      .map(({ id, fileName, location, mutatorName, replacement }) => ({
        id,
        path: pathOf(fileName),
        line: location.start.line + 1,
        end_line: location.end.line + 1,
        kind: mutatorName,
        replacement,
      })),
  };
  parentPort?.postMessage(mutation);
};
void run();
