import { proxyVariables } from "../../../schemas/proxy-variables.ts";
import { adoptChanges, undoStrayChanges } from "../copy/changes.ts";
import { childEnvironment, runProcess, type ProcessResult } from "../process.ts";
import { pathWithPrograms, withPackages } from "../runners/package.ts";
import { projectPrograms } from "./project-programs.ts";
import { done, refused, type Tool, type ToolContext, type ToolResult } from "./tool.ts";

/**
 * Runs one program without a shell, if the policy allows it or it is the project's own test runner.
 * Files it changed beyond the stage's rights are put back, and so is whatever a test run wrote.
 */
export const runCommand: Tool<"run_command"> = async (request, context) => {
  const [program, ...args] = asWords(request.command, request.args);
  const allowed = [...new Set([...context.settings.allowed_commands, ...projectPrograms(context.copy.root)])];
  if (program === undefined) return refused("The command is empty.");
  if (!allowed.includes(program)) {
    const list = allowed.length === 0 ? "None may." : `These may: ${allowed.sort().join(", ")}.`;
    const why = await whyNot(program, [program, ...args].join(" "), context);
    if (why !== null) return refused(`${why} ${list} There is no shell.`);
  }
  const { copy, settings, signal } = context;
  // It may build files that tests read and that no difference shows.
  copy.testResults.clear();
  const result = await runProcess(
    {
      command: [program, ...args],
      cwd: copy.root,
      env: childEnvironment({
        PATH: pathWithPrograms(copy.root),
        ...withPackages(copy.root, {}),
        ...wayOut(context),
      }),
      timeout_ms: settings.command_timeout_seconds * 1000,
      output_bytes: settings.output_bytes,
    },
    signal,
  );
  const described = describe(result, settings.command_timeout_seconds);
  return leavesWork([program, ...args])
    ? withItsChanges(described, context)
    : withoutTraces(described, context);
};

/** Why a program that is on no list may not run; null: the user allows it. */
const whyNot = async (
  program: string,
  command: string,
  { execution, runtime, signal }: ToolContext,
): Promise<string | null> => {
  if (execution.asks_for_commands !== true) return `${program} may not be run here.`;
  const { execution_id } = execution;
  return (await runtime.permitCommand({ execution_id, program, command }, signal)).refused;
};

/** Leads the command to the proxy, which asks the user for hosts. */
const wayOut = ({ execution }: ToolContext): Record<string, string> => {
  const { CODITECT_PROXY } = process.env;
  return execution.asks_for_commands === true && CODITECT_PROXY !== undefined
    ? proxyVariables(CODITECT_PROXY)
    : {};
};

/** Models often send `npm test` as the command with no arguments. */
const asWords = (command: string, args: readonly string[]): string[] =>
  args.length === 0 ? command.trim().split(/\s+/) : [command.trim(), ...args];

const describe = ({ exit_code, signal, timed_out, output }: ProcessResult, seconds: number): ToolResult => {
  const ended = timed_out
    ? `Ended after ${seconds} s, the most a command may take.`
    : exit_code === null
      ? `Ended by ${signal ?? "a signal"}.`
      : `Exit code ${exit_code}.`;
  const shown = output.trimEnd();
  return {
    content: shown === "" ? `${ended} No output.` : `${ended}\n${shown}`,
    is_error: exit_code !== 0,
    changes: [],
  };
};

/** A run of the project's tests, by its own program or through a package manager. */
const testRun =
  /^((npx|pnpx|bunx|uvx|(pnpm|yarn|npm) (exec|dlx)) (-\S+ )*)?(vitest|jest|mocha|ava|jasmine|tape?|uvu|pytest|rspec|phpunit|ctest)\b|^(npm|pnpm|yarn|bun) (run )?(t|tst|test\S*)( |$)|^node .*--test\b|^python\S* -m (pytest|unittest)\b|^(go|cargo|dotnet|deno|mvn|gradle|\.\/gradlew) (\S+ )*test\b/;
const writesSnapshots = /(^| )(-u|--update\S*|--snapshot-update|--test-update-snapshots)( |=|$)/;

/** Whether what the command leaves in the copy is work of the agent, and no trace of tests. */
export const leavesWork = (words: readonly string[]): boolean => {
  const line = words.join(" ");
  return !testRun.test(line) || writesSnapshots.test(line);
};

/** The same result with the changes the command made, and a note of what was put back. */
const withItsChanges = async (result: ToolResult, context: ToolContext): Promise<ToolResult> => {
  const { copy, execution, signal } = context;
  const { changes, put_back } = await adoptChanges(copy, execution.write_access, signal);
  const notes = [
    ...noteOf("put back, this stage may not write them", put_back),
    ...noteOf(
      "changed",
      changes.map(({ path }) => path),
    ),
  ];
  return { ...withNotes(result, notes, context), changes };
};

/** The same result of a test run, after everything the tests wrote was put back. */
export const withoutTraces = async (result: ToolResult, context: ToolContext): Promise<ToolResult> => {
  const paths = await undoStrayChanges(context.copy, context.signal);
  return withNotes(result, noteOf("put back what the tests wrote", paths), context);
};

const noteOf = (what: string, paths: readonly string[]): string[] =>
  paths.length === 0 ? [] : [`\n[${what}: ${paths.slice(0, 20).join(", ")}]`];

const withNotes = (result: ToolResult, notes: readonly string[], { copy }: ToolContext): ToolResult => {
  const content = withoutMachinePaths(result.content, copy.root, copy.source) + notes.join("");
  return result.is_error ? refused(content) : done(content);
};

/** The place of the copy on the machine does not concern a model, and changes from run to run. */
export const withoutMachinePaths = (text: string, ...roots: readonly string[]): string =>
  roots.reduce((cut, root) => cut.replaceAll(`${root}/`, "").replaceAll(root, "."), text);
