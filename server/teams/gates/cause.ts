import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import type { FileHashes } from "./gate.ts";

/** An error in the output of Node, Python or a runner, with its usual prefixes. */
const errorLine =
  /^(?:INTERNALERROR>|E |✖|⨯)?\s*((?:Uncaught )?(?:[A-Za-z_][\w.]*(?:Error|Exception)(?: \[\w+\])?|[Ee]rror|ERROR|[Ff]atal)\s*:\s*\S.*)$/gm;
const LONGEST = 300;

/** The error that ended a runner, from its output; null if it printed none. Python prints it last. */
const errorIn = (output: string): string | null => {
  const errors = [...output.matchAll(errorLine)].map(([, text = ""]) => text.trim());
  const isPython = /Traceback \(most recent call last\)|INTERNALERROR>/.test(output);
  const error = isPython ? errors.at(-1) : errors[0];
  return error === undefined ? null : error.slice(0, LONGEST).replace(/\.?$/, ".");
};

/** Files of the change that configure the tests. A runner loads them before it runs a test. */
const configurationIn = (after: FileHashes): string[] =>
  [...after.keys()].filter((path) => classifyPath(path) === "test-config").sort();

/** How the runner ended, as the end of a sentence. */
const endOf = ({ output, exit_code }: TestReport): string => {
  const error = errorIn(output);
  if (error !== null) return `: ${error}`;
  return exit_code === null ? "." : `, with exit code ${exit_code}.`;
};

/** Why a runner wrote no report: the error that it printed, and the files of the change that it loads first. */
export const causeOf = (report: TestReport, after: FileHashes): string => {
  const how = `The test runner ended without a report${endOf(report)}`;
  const files = configurationIn(after);
  return files.length === 0 ? how : `${how} It loads ${files.join(", ")} first, which the change touches.`;
};
