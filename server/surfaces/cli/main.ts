import { basename, relative } from "node:path";
import { CommanderError } from "commander";
import { fail } from "../../../schemas/errors.ts";
import { errorCatalogue } from "../../../schemas/error-catalogue.ts";
import { exitCodes } from "./session/exit.ts";
import { createProgram } from "./program.ts";
import { asCoditectError, openTerminal, reportError } from "./display/terminal.ts";
import { keepDebuggerClosed } from "../../platform/debugger.ts";
import { version } from "../../platform/installation.ts";

/** The call as the user can type it: the installed command, an npm script, or a relative path. */
const programName = (currentFolder: string): string => {
  const script = process.argv[1] ?? "";
  if (basename(script) === "coditect") return "coditect";
  return process.env.npm_lifecycle_event === undefined
    ? `node ${relative(currentFolder, script)}`
    : "npx coditect";
};

/** Runs one command of the command line. Resolves with its exit code. */
const main = async (args: readonly string[]): Promise<number> => {
  const terminal = openTerminal(process.stdout, process.stderr, process.env);
  const currentFolder = process.cwd();
  const context = { terminal, environment: process.env, currentFolder, program: programName(currentFolder) };
  let code: number = exitCodes.held;
  const program = createProgram(context, version(), (finished) => (code = finished));
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    // Commander has already printed it. Help and version also end this way.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.held : exitCodes.usage;
    // `ended` reports it once.
    if (isOfOutput(error)) return exitCodes.held;
    reportError(error, terminal);
    return errorCatalogue[asCoditectError(error).code].exit;
  }
};

/** The first error of standard output. Later errors follow from it. */
let outputError: NodeJS.ErrnoException | null = null;
process.stdout.on("error", (error: NodeJS.ErrnoException) => (outputError ??= error));

/** Whether the error is a failure of standard output that its writer passed on. */
const isOfOutput = (error: unknown): boolean => error === outputError;

/**
 * The reason why standard output accepts no more data. Null: it accepts more, or its reader has ended (`|
 * head`).
 */
const outputProblem = (): string | null => {
  const code = outputError?.code ?? null;
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED" ? null : (code ?? outputError?.message ?? null);
};
process.stderr.on("error", () => undefined);

/** The exit code of a command that ended with `code`, after all of its output was written or lost. */
const ended = (code: number): number => {
  const reason = outputProblem();
  if (reason === null) return code;
  const terminal = openTerminal(process.stdout, process.stderr, process.env);
  reportError(fail("output_not_written", { reason }), terminal);
  // A run whose output cannot be written is cancelled: the output is the cause.
  const isConsequence = code === exitCodes.held || code === exitCodes.cancelled;
  return isConsequence ? errorCatalogue.output_not_written.exit : code;
};

keepDebuggerClosed();
void main(process.argv.slice(2)).then((code) => {
  process.stdout.write("", () => {
    // The stream reports an error only after the callback for the written data.
    setImmediate(() => {
      const exitCode = ended(code);
      // Open sockets of a provider must not keep a finished command waiting.
      process.stderr.write("", () => process.exit(exitCode));
    });
  });
});
