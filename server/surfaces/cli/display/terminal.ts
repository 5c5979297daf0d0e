import { styleText } from "node:util";
import { jsonText, plainLine, terminalText } from "../../../../schemas/plain-text.ts";
import { CoditectError, fail, toWireError, type WireError } from "../../../../schemas/errors.ts";

export type Style = Parameters<typeof styleText>[0];

/** The output of a command, and its features. */
export interface Terminal {
  /** Standard output: the result. */
  out: (text: string) => void;
  /** Standard error: everything that is not part of the result. */
  err: (text: string) => void;
  stdout: NodeJS.WriteStream;
  /** Whether lines can be redrawn, as in a terminal, but not if a program or a log reads the output. */
  interactive: boolean;
  /**
   * The number of columns. Infinite in a file or a pipe. Read for each frame, because users can resize the
   * window.
   */
  width: () => number;
  style: (style: Style, text: string) => string;
}

/** Respects `NO_COLOR`, `FORCE_COLOR` and `TERM=dumb`. */
const hasColours = (stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): boolean => {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== "") return false;
  if (environment.FORCE_COLOR !== undefined) return environment.FORCE_COLOR !== "0";
  return stream.isTTY && stream.hasColors();
};

export const openTerminal = (
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
): Terminal => {
  const colours = hasColours(stdout, environment);
  const smart = environment.TERM !== "dumb" && environment.CI === undefined;
  return {
    out: (text) => void stdout.write(shown(text)),
    err: (text) => void stderr.write(shown(text)),
    stdout,
    interactive: stdout.isTTY && smart,
    width: () => (stdout.isTTY ? stdout.columns : Infinity),
    style: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
  };
};

/**
 * All output to the terminal goes through this function. JSON keeps its value, even if it contains untrusted
 * text.
 */
const shown = (text: string): string => (text.startsWith("{") ? jsonText(text) : terminalText(text));

/** The text of an error for users: what happened, then what to do about it. */
const describeError = (error: WireError, { style }: Pick<Terminal, "style">): string => {
  const next = error.next_step === null ? "" : `  ${error.next_step}\n`;
  return `${style("red", "✖")} ${plainLine(error.message)}\n${style("dim", next)}`;
};

/** Converts any thrown value into an error of the catalogue. A defect keeps its stack for the log. */
export const asCoditectError = (error: unknown): CoditectError =>
  error instanceof CoditectError ? error : fail("internal", { reference: String(error) }, { cause: error });

export const reportError = (error: unknown, terminal: Terminal): void => {
  const known = asCoditectError(error);
  terminal.err(describeError(toWireError(known), terminal));
  if (known.code === "internal" && error instanceof Error)
    terminal.err(terminal.style("dim", `${error.stack ?? error.message}\n`));
};

/** Writes each notice once, regardless of the number of instances. */
export const noticesOn = ({ err }: Pick<Terminal, "err">): ((message: string) => void) => {
  const written = new Set<string>();
  return (message) => {
    if (!written.has(message)) err(`! ${plainLine(message)}\n`);
    written.add(message);
  };
};

/** The context of every command. */
export interface CommandContext {
  terminal: Terminal;
  environment: NodeJS.ProcessEnv;
  /** The absolute base path of relative paths. */
  currentFolder: string;
  /** How this program was called, for commands to copy. */
  program: string;
}
