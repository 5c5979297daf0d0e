import { collectChanges, unreportedChanges } from "../copy/changes.ts";
import { childEnvironment, runProcess, type ProcessResult } from "../process.ts";
import { pathWithPrograms } from "../runners/package.ts";
import { projectPrograms } from "./project-programs.ts";
import { done, refused, type Tool, type ToolContext, type ToolResult } from "./tool.ts";

/**
 * Runs one program without a shell, if the policy allows it or it is the project's own test runner.
 * Files it changed beyond the stage's rights are put back.
 */
export const runCommand: Tool<"run_command"> = async (request, context) => {
  const [program, ...args] = asWords(request.command, request.args);
  const allowed = [...new Set([...context.settings.allowed_commands, ...projectPrograms(context.copy.root)])];
  if (program === undefined || !allowed.includes(program)) {
    const list = allowed.length === 0 ? "None may." : `These may: ${allowed.sort().join(", ")}.`;
    return refused(`${program ?? "An empty command"} may not be run here. ${list} There is no shell.`);
  }
  const { copy, settings, signal } = context;
  // It may build what tests read and no difference shows.
  copy.testResults.clear();
  const result = await runProcess(
    {
      command: [program, ...args],
      cwd: copy.root,
      env: childEnvironment({ PATH: pathWithPrograms(copy.root) }),
      timeout_ms: settings.command_timeout_seconds * 1000,
      output_bytes: settings.output_bytes,
    },
    signal,
  );
  return withSideEffects(describe(result, settings.command_timeout_seconds), context);
};

/** Models often send `npm test` as the command with no arguments. */
const asWords = (command: string, args: readonly string[]): string[] =>
  args.length === 0 ? command.trim().split(/\s+/) : [command.trim(), ...args];

function describe({ exit_code, signal, timed_out, output }: ProcessResult, seconds: number): ToolResult {
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
}

/**
 * What a process did to the files: what the stage may not write is put back and named, the rest is
 * part of the result. Paths of the machine are taken out of the output.
 */
export async function withSideEffects(result: ToolResult, context: ToolContext): Promise<ToolResult> {
  const { copy, execution, signal } = context;
  const collected = await collectChanges(copy, execution.write_access, signal);
  const changes = unreportedChanges(copy, collected);
  const notes = [
    collected.put_back.length === 0
      ? ""
      : `\n[put back, this stage may not write them: ${collected.put_back.slice(0, 20).join(", ")}]`,
    changes.length === 0
      ? ""
      : `\n[changed: ${changes
          .slice(0, 20)
          .map(({ path }) => path)
          .join(", ")}]`,
  ];
  const content = withoutMachinePaths(result.content, copy.root, copy.source) + notes.join("");
  return { ...(result.is_error ? refused(content) : done(content)), changes };
}

/** The copy's place on the machine is no business of a model, and changes from run to run. */
export const withoutMachinePaths = (text: string, ...roots: readonly string[]): string =>
  roots.reduce((cut, root) => cut.replaceAll(`${root}/`, "").replaceAll(root, "."), text);
