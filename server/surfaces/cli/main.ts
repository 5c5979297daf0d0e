import { basename, relative } from "node:path";
import { CommanderError } from "commander";
import { errorCatalogue } from "../../../schemas/error-catalogue.ts";
import { exitCodes } from "./session/exit.ts";
import { createProgram } from "./program.ts";
import { asCoditectError, openTerminal, reportError } from "./display/terminal.ts";
import { version } from "../../platform/installation.ts";

/** As it can be typed again: installed, from an npm script, or by its path from here. */
const programName = (currentFolder: string): string => {
  const script = process.argv[1] ?? "";
  if (basename(script) === "coditect") return "coditect";
  return process.env.npm_lifecycle_event === undefined
    ? `node ${relative(currentFolder, script)}`
    : "npx coditect";
};

/** Runs one command of the command line; resolves with its exit code. */
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
    // Commander has told the user already; help and version end this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.held : exitCodes.usage;
    reportError(error, terminal);
    return errorCatalogue[asCoditectError(error).code].exit;
  }
};

// A reader that has seen enough (`| head`) is no failure: the command ends as it would have.
process.stdout.on("error", () => undefined);

void main(process.argv.slice(2)).then((code) => {
  // Open sockets of a provider must not keep a finished command waiting.
  process.stdout.write("", () => process.exit(code));
});
