import { Command, InvalidArgumentError, Option } from "commander";
import { providerNames } from "./options.ts";
import type { RecordFlags, RecordGroup } from "./records.ts";
import type { CommandContext } from "./terminal.ts";

/**
 * The command line. Contract: "Command line". What a command does is loaded when it is called, so
 * that a run does not wait for the others.
 *
 * @param finish called with the exit code of the command that ran.
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
  addDecisions(program, context, end);
  addRecords(program, context, end);
  return program;
};

type End = (code: Promise<number>) => Promise<void>;

const addRuns = (program: Command, context: CommandContext, end: End): void => {
  runOptions(program.command("run").summary("run a team on a file or task"))
    .description(
      "Run a team: tdd, bug-fix, architecture, review, or one of .coditect/teams/.\n" +
        "Nothing is written into the workspace without --apply.",
    )
    .argument("<team>", "tdd, bug-fix, architecture, review, or the name of a team")
    .argument("[file]", "what the task is about; without it, --provider rehearsal takes its sample's")
    .option("--task <text>", "what is to be done, or @FILE with it")
    .action(async (team: string, file: string | undefined, flags: unknown) => {
      const { runTeam } = await import("./run.ts");
      await end(runTeam(team, file, flags, context));
    });
  runOptions(program.command("resume").summary("go on with an interrupted or limited run"))
    .argument("<task-id>")
    .action(async (taskId: string, flags: unknown) => {
      const { resumeRun } = await import("./run.ts");
      await end(resumeRun(taskId, flags, context));
    });
};

const addDecisions = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./decisions.ts");
  const changes = program.command("changes").summary("show, apply or discard what a run changed");
  recordCommand(changes, "show <task-id>", "print the unified diff").action(
    async (taskId: string, flags: RecordFlags) => end((await load()).showChanges(taskId, flags, context)),
  );
  recordCommand(
    changes,
    "apply <task-id>",
    "write it into the workspace; merges what was edited since",
  ).action(async (taskId: string, flags: RecordFlags) =>
    end((await load()).applyChanges(taskId, flags, context)),
  );
  recordCommand(changes, "discard <task-id>", "forget it").action(
    async (taskId: string, flags: RecordFlags) => end((await load()).discardChanges(taskId, flags, context)),
  );
  const findings = program.command("findings").summary("what reviewing agents reported");
  recordCommand(findings, "list", "list open findings")
    .addOption(sarifOption())
    .action(async (flags: RecordFlags & { output?: string }) =>
      end((await load()).listFindings(flags, context)),
    );
};

const groupSummaries: Readonly<Record<RecordGroup, string>> = {
  runs: "runs of teams",
  executions: "tasks that agents executed",
  agents: "agent configurations",
  instances: "processes and containers of agents",
  teams: "teams and their workflows",
};

const addRecords = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./records.ts");
  // The keys of an object of that very type.
  for (const group of Object.keys(groupSummaries) as RecordGroup[]) {
    const command = program.command(group).summary(groupSummaries[group]);
    recordCommand(command, "list", `list ${group}`).action(async (flags: RecordFlags) =>
      end((await load()).listRecords(group, flags, context)),
    );
    recordCommand(command, "show <id>", "show one").action(async (id: string, flags: RecordFlags) =>
      end((await load()).showRecord(group, id, flags, context)),
    );
    if (group === "executions")
      recordCommand(command, "cancel <id>", "cancel one").action(async (id: string, flags: RecordFlags) =>
        end((await import("./decisions.ts")).cancelExecution(id, flags, context)),
      );
  }
};

const exitCodesHelp = `
Exit codes: 0 all gates held, 1 a gate failed, 2 wrong usage, 3 provider or infrastructure failure,
4 a limit was hit, 130 cancelled.`;

const workspaceOption = () =>
  new Option("--workspace <dir>", "the workspace folder (default: the current one)");
const jsonOption = () => new Option("--json", "for programs: JSON lines on standard output, nothing else");

/** Its value is FILE. */
const sarifOption = () =>
  new Option("--output <sarif=FILE>", "also write the findings as SARIF 2.1.0").argParser((value: string) => {
    const file = /^sarif=(.+)$/.exec(value)?.[1];
    if (file === undefined) throw new InvalidArgumentError("It must be sarif=FILE.");
    return file;
  });

const recordCommand = (parent: Command, name: string, summary: string): Command =>
  parent.command(name).summary(summary).addOption(workspaceOption()).addOption(jsonOption());

const runOptions = (command: Command): Command =>
  command
    .addOption(workspaceOption())
    .addOption(new Option("--provider <name>", "who is asked").choices(providerNames))
    .option("--model <name>", "the provider's model")
    .option("--endpoint <url>", "the provider's address in place of its own")
    .addOption(new Option("--runtime <where>", "where instances run").choices(["local", "docker"]))
    .option("--image <name>", "container image of the instances")
    .option("--apply", "write the changes into the workspace if every gate held")
    .addOption(jsonOption())
    .addOption(sarifOption())
    .option("--max-cost <usd>", "stop before the run costs more")
    .option("--max-tokens <n>", "stop before the run uses more tokens")
    .option("--timeout <seconds>", "stop the run after this long")
    .option("--test-command <command>", "how the project's tests are run, instead of finding out")
    .addHelpText("after", exitCodesHelp);
