import { Argument, type Command } from "commander";
import type { RecordFlags } from "../commands/records.ts";
import type { CommandContext } from "../display/terminal.ts";
import { type End, alsoOption, recordCommand, sarifOption, workspaceOption } from "./options.ts";

export const addDecisions = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/decisions.ts");
  const changes = program.command("changes").summary("show, compare, apply or discard what a run changed");
  recordCommand(changes, "show <task-id>", "print the unified diff")
    .option("--attempt <n>", "what this attempt left, instead of the result of the run")
    .option("--against <n>", "how the attempt differs from this other one")
    .action(async (taskId: string, flags: RecordFlags) =>
      end((await load()).showChanges(taskId, flags, context)),
    );
  recordCommand(
    changes,
    "attempts <task-id>",
    "list the attempts at the code, and how they were ranked",
  ).action(async (taskId: string, flags: RecordFlags) =>
    end((await import("../commands/attempts.ts")).listAttempts(taskId, flags, context)),
  );
  recordCommand(changes, "apply <task-id>", "write the changes into the workspace, merged with your edits")
    .addOption(alsoOption("--also <path>"))
    .action(async (taskId: string, flags: RecordFlags & { also?: string[] }) =>
      end((await load()).applyChanges(taskId, flags, context)),
    );
  recordCommand(changes, "discard <task-id>", "discard the changes")
    .option("--reason <text>", "the reason, used as guidance for later runs")
    .action(async (taskId: string, flags: RecordFlags & { reason?: string }) =>
      end((await load()).discardChanges(taskId, flags, context)),
    );
  const findings = program.command("findings").summary("list, dismiss and confirm findings");
  recordCommand(findings, "list", "list open findings")
    .addOption(sarifOption())
    .action(async (flags: RecordFlags & { output?: string }) =>
      end((await load()).listFindings(flags, context)),
    );
  addDismissal(findings, context, end);
  recordCommand(
    findings,
    "confirm <finding-id>",
    "confirm an agent's argument that no test can notice a mutant",
  ).action(async (id: string, flags: RecordFlags) => end((await load()).confirmFinding(id, flags, context)));
};

const addDismissal = (findings: Command, context: CommandContext, end: End): void => {
  recordCommand(
    findings,
    "dismiss <finding-id>",
    "dismiss a finding and similar ones; findings list --json shows the ids",
  )
    .requiredOption("--reason <text>", "the reason, used as guidance for later runs")
    .action(async (id: string, flags: RecordFlags & { reason: string }) =>
      end((await import("../commands/decisions.ts")).dismissFinding(id, flags, context)),
    );
};

export const addFeedback = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/feedback.ts");
  recordCommand(program, "rate", "rate a run or an execution")
    .argument("<id>", "the id of a run or an execution")
    .addArgument(new Argument("<verdict>").choices(["up", "down"]))
    .option("--note <text>", "the reason, used as guidance for later runs")
    .action(async (id: string, verdict: string, flags: RecordFlags & { note?: string }) =>
      end((await load()).rate(id, verdict, flags, context)),
    );
  program
    .command("export")
    .summary("write executions as JSON lines, without secrets, for evaluation or fine-tuning")
    .addOption(workspaceOption())
    .option("--output <file>", "the file (default: standard output)")
    .option("--since <date>", "only executions created since")
    .option("--workflow <name>", "only executions of this workflow or team")
    .option("--agent <type>", "only executions of this type of agent")
    .option("--status <status>", "only executions with this status, such as Completed")
    .option("--rating <verdict>", "only executions rated up or down")
    .option("--task <task-id>", "only executions of this run")
    .action(async (flags: RecordFlags & { output?: string }) =>
      end((await load()).exportExecutions(flags, context)),
    );
};

export const addLessons = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/lessons.ts");
  const lessons = program.command("lessons").summary("list and reject lessons from your feedback");
  recordCommand(lessons, "list", "list lessons and where each comes from").action(
    async (flags: RecordFlags) => end((await load()).listLessons(flags, context)),
  );
  recordCommand(lessons, "reject <lesson-id>", "remove a lesson permanently").action(
    async (id: string, flags: RecordFlags) => end((await load()).rejectLesson(id, flags, context)),
  );
};

export const addConsents = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/consents.ts");
  const consents = program.command("consents").summary("list and revoke what you allowed for this workspace");
  recordCommand(consents, "list", "list what you allowed, and when").action(async (flags: RecordFlags) =>
    end((await load()).listConsents(flags, context)),
  );
  recordCommand(consents, "revoke <name> [of]", "ask again the next time, for all or for one").action(
    async (name: string, of: string | undefined, flags: RecordFlags) =>
      end((await load()).revokeConsent(name, of ?? null, flags, context)),
  );
};
