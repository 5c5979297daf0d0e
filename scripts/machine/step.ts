import { spawn } from "node:child_process";
import process from "node:process";

/** One command of the set-up of this machine. */
export interface Step {
  /** What it does, as a person reads it: "Installing code-server 4.139.1". */
  says: string;
  program: string;
  args: readonly string[];
  folder?: string;
  environment?: NodeJS.ProcessEnv;
}

const SIGN_OF_LIFE_MS = 15_000;
const LINES_OF_A_FAILURE = 60;

/** Set-up speaks on standard error: standard output may be a report that a program reads. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

const secondsSince = (started: number): string => `${Math.round((performance.now() - started) / 1000)} s`;

/**
 * Runs a step: says what it does, gives a sign of life while it lasts, and how long it took.
 * Rejects with the end of the command's output if it fails; the output of a success is not shown.
 */
export const runStep = async ({ says, program, args, folder, environment }: Step): Promise<void> => {
  const started = performance.now();
  say(`${says} …`);
  const signs = setInterval(() => {
    say(`  … ${secondsSince(started)}`);
  }, SIGN_OF_LIFE_MS);
  try {
    const output = await outputOf({ says, program, args, folder, environment });
    if (output !== null) throw new Error(`${says} failed (${program} ${args.join(" ")}):\n${output}`);
    say(`  done in ${secondsSince(started)}`);
  } finally {
    clearInterval(signs);
  }
};

/** Null when the command succeeds; otherwise the last lines it wrote and how it ended. */
const outputOf = (step: {
  [Key in keyof Step]: Step[Key] | undefined;
}): Promise<string | null> => {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const child = spawn(step.program ?? "", step.args ?? [], {
    cwd: step.folder,
    env: step.environment ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-64 * 1024);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.once("error", (error) => {
    resolve(error.message);
  });
  child.once("close", (code, signal) => {
    const last = output.trimEnd().split("\n").slice(-LINES_OF_A_FAILURE).join("\n");
    resolve(code === 0 ? null : `${last}\nIt ended with ${signal ?? `exit code ${code ?? "unknown"}`}.`);
  });
  return promise;
};
