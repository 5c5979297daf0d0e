import type { Command } from "commander";
import type { CommandContext } from "../display/terminal.ts";
import {
  allowFileOption,
  type End,
  jsonOption,
  equivalentOption,
  modelOptions,
  recordCommand,
  runtimeOption,
  sarifOption,
  setOption,
  testCommandOption,
  testReportOption,
  unconfinedOption,
} from "./options.ts";

export const addProof = (program: Command, context: CommandContext, end: End): void => {
  const whereTestsRun = (command: Command): Command =>
    command
      .addOption(runtimeOption("where the tests run"))
      .option("--image <name>", "the container image they run in")
      .addOption(testCommandOption())
      .addOption(testReportOption())
      .addOption(allowFileOption())
      .addOption(equivalentOption())
      .addOption(setOption())
      .addOption(unconfinedOption());
  whereTestsRun(recordCommand(program, "prove", "check that tests prove a change"))
    .description(
      "Check the change since a revision: its tests must fail without it, pass with it and notice its mutants, " +
        "and nothing else may break.\nThe command needs no model and does not change the workspace.",
    )
    .option("--base <revision>", "the revision before the change (default: HEAD)")
    .option("--task <text>", "the task, for the receipt, or @FILE to read it from a file")
    .option("--receipt <file>", "write a signed receipt to this file")
    .option("--note", "write the signed receipt into a git note of the commit (refs/notes/coditect)")
    .option("--hook", "run as an agent's Stop hook; exit code 2 tells the agent to continue")
    .addOption(sarifOption())
    .action(async (flags: unknown) => {
      const { proveWorkspace } = await import("../commands/prove.ts");
      await end(proveWorkspace(flags, context));
    });
  whereTestsRun(recordCommand(program, "verify <receipt>", "check a receipt and the files it names"))
    .option("--rerun", "prove the gates again")
    .option("--note", "treat <receipt> as a revision and read its git note")
    .action(async (receipt: string, flags: unknown) => {
      const { verifyReceipt } = await import("../commands/verify.ts");
      await end(verifyReceipt(receipt, flags, context));
    });
};

export const addEvaluation = (program: Command, context: CommandContext, end: End): void => {
  const command = program.command("eval").summary("measure a model on a suite of tasks");
  modelOptions(command)
    .description(
      "Run every task of a suite. Report which tasks were solved on the first try and after feedback, with confidence intervals, " +
        "pass@k, cost and time, and the quality of reviews.\nevaluation/README.md describes the format.",
    )
    .argument("<suite>", "a folder of tasks, such as evaluation/")
    .option("--samples <n>", "how often to run each task (default: 1)")
    .option("--parallel <n>", "how many tasks to run at the same time (default: 1)")
    .option("--only <task...>", "run only these tasks")
    .option("--results <file>", "append each result to this file, and continue from the results in it")
    .addOption(jsonOption())
    .action(async (suite: string, flags: unknown) => {
      const { evaluateSuite } = await import("../commands/evaluate.ts");
      await end(evaluateSuite(suite, flags, context));
    });
};
