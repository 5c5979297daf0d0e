import { Option, type Command } from "commander";
import type { CommandContext } from "../display/terminal.ts";
import {
  type End,
  allowFileOption,
  alsoOption,
  jsonOption,
  modelOptions,
  sarifOption,
  setOption,
  testCommandOption,
  testReportOption,
  unconfinedOption,
  workspaceOption,
} from "./options.ts";

export const addRuns = (program: Command, context: CommandContext, end: End): void => {
  runOptions(program.command("run").summary("run a team on a file or task"))
    .description(
      "Run a team: tdd, bug-fix, architecture, review, security, or one of .coditect/teams/.\n" +
        "Nothing is written into the workspace without --apply.",
    )
    .argument("<team>", "tdd, bug-fix, architecture, review, security, or the name of a team")
    .argument("[file]", "the file to work on; without it, --provider rehearsal uses its sample")
    .option("--task <text>", "the task, or @FILE to read it from a file")
    .option("--diff <revision>", "work on what changed since this git revision")
    .option("--lines <first-last>", "work on these lines of FILE")
    .addOption(attemptsOption())
    .action(async (team: string, file: string | undefined, flags: unknown) => {
      const { runTeam } = await import("../commands/run.ts");
      await end(runTeam(team, file, flags, context));
    });
  runOptions(program.command("resume").summary("continue a run that was interrupted or reached a limit"))
    .argument("<task-id>")
    .action(async (taskId: string, flags: unknown) => {
      const { resumeRun } = await import("../commands/run.ts");
      await end(resumeRun(taskId, flags, context));
    });
};

export const addRetry = (program: Command, context: CommandContext, end: End): void => {
  runOptions(program.command("retry").summary("run again from a stage, to compare"))
    .description(
      "Start a new run that reuses everything before the stage and repeats the rest, with another model or " +
        "instruction if you name one.\nThe first run does not change.",
    )
    .argument("<task-id>")
    .argument("<stage>", "the first stage to repeat")
    .option(
      "--prompt <text>",
      "the instruction of the stage instead of its own, or @FILE to read it from a file",
    )
    .addOption(attemptsOption())
    .action(async (taskId: string, stage: string, flags: unknown) => {
      const { retryRun } = await import("../commands/run.ts");
      await end(retryRun(taskId, stage, flags, context));
    });
};

const attemptsOption = (): Option =>
  new Option("--attempts <n>", "let n agents write the code in parallel, and continue with the best result");

const exitCodesHelp = `
Exit codes: 0 all gates passed, 1 a gate failed, 2 wrong usage, 3 provider or infrastructure failure,
4 a limit was reached, 130 cancelled.`;

const runOptions = (command: Command): Command =>
  modelOptions(command.addOption(workspaceOption()))
    .option("--apply", "write the changes into the workspace if all gates pass")
    .addOption(alsoOption("--apply-also <path>"))
    .addOption(jsonOption())
    .addOption(sarifOption())
    .option(
      "--strict",
      "also check that tests fail for mutated code, need each part of the change, and are stable",
    )
    .option("--no-lessons", "do not record lessons from feedback or give them to agents")
    .option("--no-embeddings", "rank files without embeddings")
    .addOption(unconfinedOption())
    .addOption(setOption())
    .option("--untrusted", "ignore the workspace's .coditect folder (default for a fork's pull request)")
    .option("--no-untrusted", "trust the workspace, whatever the CI service reports")
    .option("--allow-configuration <hash>", "use the workspace's .coditect folder if it has this hash")
    .option(
      "--allow-exposure <hash>",
      "allow an agent with the tools of this hash to read untrusted text, use secrets and act outside this machine",
    )
    .option("--allow-mcp-files <hash>", "use the MCP servers from other tools' files if they have this hash")
    .option("--allow-mcp-tools <hash>", "use the changed tools of an MCP server if they have this hash")
    .addOption(testCommandOption())
    .addOption(testReportOption())
    .addOption(allowFileOption())
    .addHelpText("after", exitCodesHelp);
