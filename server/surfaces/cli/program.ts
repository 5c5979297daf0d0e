import { Command } from "commander";
import type { CommandContext } from "./display/terminal.ts";
import { addCluster } from "./program/cluster.ts";
import { addConsents, addDecisions, addFeedback, addLessons } from "./program/decisions.ts";
import { addRuntime, addSettings } from "./program/machine.ts";
import { addAlerts, addMetrics } from "./program/observing.ts";
import { addEvaluation, addProof } from "./program/proof.ts";
import { addRecords } from "./program/records.ts";
import { addRetry, addRuns } from "./program/runs.ts";
import { addAccess } from "./program/serving.ts";

/**
 * The command line. Contract: "Command line". The code of a command is loaded when it is called, so that a
 * run does not wait for other commands.
 *
 * @param finish called with the exit code of the command.
 */
export const createProgram = (
  context: CommandContext,
  version: string,
  finish: (code: number) => void,
): Command => {
  const program = new Command("coditect")
    .description("Agent teams that prove their work.")
    .version(version, "-V, --version")
    .helpCommand("help [command]")
    .configureOutput({ writeOut: context.terminal.out, writeErr: context.terminal.err })
    .exitOverride();
  const end = async (code: Promise<number>): Promise<void> => {
    finish(await code);
  };
  addRuns(program, context, end);
  addRetry(program, context, end);
  addProof(program, context, end);
  addDecisions(program, context, end);
  addFeedback(program, context, end);
  addLessons(program, context, end);
  addConsents(program, context, end);
  addMetrics(program, context, end);
  addAlerts(program, context, end);
  addAccess(program, context, end);
  addCluster(program, context, end);
  addEvaluation(program, context, end);
  addRecords(program, context, end);
  addRuntime(program, context, end);
  addSettings(program, context, end);
  return program;
};
