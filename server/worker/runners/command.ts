import { noResults, type RunnerAdapter } from "./runner.ts";

/** The command that runs a command line of the user in the system's shell. */
export const shellCommand = (line: string): string[] =>
  process.platform === "win32" ? ["cmd.exe", "/d", "/s", "/c", line] : ["/bin/sh", "-c", line];

/**
 * Any command with an exit code. It counts as one test with the name of the command, which passes with exit code 0. It
 * always runs the whole suite and measures no coverage.
 */
export const command: RunnerAdapter = {
  launch: (job) => Promise.resolve({ command: job.script.args, env: {} }),
  read: (job, { exit_code, output, duration_ms }) => {
    // The shell's own exit codes 126 and 127 mean that the program could not be run.
    if (exit_code === null || exit_code === 126 || exit_code === 127)
      return Promise.resolve(noResults(false));
    const passed = exit_code === 0;
    const test = {
      file: "",
      name: job.script.name === "" ? job.script.args.join(" ") : job.script.name,
      status: passed ? ("passed" as const) : ("failed" as const),
      duration_ms,
      message: passed ? null : output,
    };
    return Promise.resolve({ ...noResults(true), tests: [test] });
  },
};
