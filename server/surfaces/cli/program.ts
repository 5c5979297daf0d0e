import { Role } from "../../../schemas/contract/row.ts";
import { MetricField } from "../../../schemas/metrics.ts";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { ExportFlags, ImportFlags, SharedKind } from "./commands/share.ts";
import type { DoctorFlags } from "./commands/doctor.ts";
import { providerNames, unconfinedAnswers } from "./session/options.ts";
import type { RecordFlags, RecordGroup } from "./commands/records.ts";
import type { ServeFlags } from "./commands/serve-team.ts";
import type { SettingFlags } from "./commands/settings.ts";
import type { CommandContext } from "./display/terminal.ts";

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
  addRetry(program, context, end);
  addProof(program, context, end);
  addDecisions(program, context, end);
  addFeedback(program, context, end);
  addLessons(program, context, end);
  addMetrics(program, context, end);
  addAlerts(program, context, end);
  addAccess(program, context, end);
  addEvaluation(program, context, end);
  addRecords(program, context, end);
  addRuntime(program, context, end);
  addSettings(program, context, end);
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
    .option("--diff <revision>", "it is about what changed since that revision of git")
    .option("--lines <first-last>", "it is about these lines of FILE")
    .action(async (team: string, file: string | undefined, flags: unknown) => {
      const { runTeam } = await import("./commands/run.ts");
      await end(runTeam(team, file, flags, context));
    });
  runOptions(program.command("resume").summary("go on with an interrupted or limited run"))
    .argument("<task-id>")
    .action(async (taskId: string, flags: unknown) => {
      const { resumeRun } = await import("./commands/run.ts");
      await end(resumeRun(taskId, flags, context));
    });
};

const addRetry = (program: Command, context: CommandContext, end: End): void => {
  runOptions(program.command("retry").summary("run again from a stage on, to compare"))
    .description(
      "A run of its own that takes over everything before the stage and does the rest again,\n" +
        "with another model or another instruction if you name one. The first run stays as it is.",
    )
    .argument("<task-id>")
    .argument("<stage>", "the first stage that is done again")
    .option("--prompt <text>", "what the stage is asked in place of its own instruction, or @FILE with it")
    .action(async (taskId: string, stage: string, flags: unknown) => {
      const { retryRun } = await import("./commands/run.ts");
      await end(retryRun(taskId, stage, flags, context));
    });
};

const addProof = (program: Command, context: CommandContext, end: End): void => {
  const whereTestsRun = (command: Command): Command =>
    command
      .addOption(new Option("--runtime <where>", "where the tests run").choices(["local", "docker"]))
      .option("--image <name>", "container image they run in")
      .option(
        "--allow-exposure <hash>",
        "let an agent read what others wrote, use secrets and act outwardly with the tools of this hash",
      )
      .option(
        "--allow-mcp-files <hash>",
        "use the MCP servers of other tools' files in the state of this hash",
      )
      .option("--test-command <command>", "the project's test command, in place of the one that is found")
      .addOption(setOption())
      .addOption(unconfinedOption());
  whereTestsRun(recordCommand(program, "prove", "prove what changed, whoever changed it"))
    .description(
      "Judge the change since a revision by its gates: its tests fail without it, pass with it, notice\n" +
        "its mutants, and nothing else broke. No model is asked; the workspace is only read.",
    )
    .option("--base <revision>", "what it changed from (default: HEAD, so what is not committed yet)")
    .option("--task <text>", "what was to be done, for the receipt, or @FILE with it")
    .option("--receipt <file>", "write a signed receipt there")
    .option("--note", "write the signed receipt into a git note of the commit (refs/notes/coditect)")
    .option("--hook", "answer as a Stop hook of an agent: exit code 2 sends it back to work")
    .addOption(sarifOption())
    .action(async (flags: unknown) => {
      const { proveWorkspace } = await import("./commands/prove.ts");
      await end(proveWorkspace(flags, context));
    });
  whereTestsRun(recordCommand(program, "verify <receipt>", "check a receipt and the files it is about"))
    .option("--rerun", "prove the gates again")
    .option("--note", "take the receipt from the git note of the revision that is named")
    .action(async (receipt: string, flags: unknown) => {
      const { verifyReceipt } = await import("./commands/verify.ts");
      await end(verifyReceipt(receipt, flags, context));
    });
};

const addEvaluation = (program: Command, context: CommandContext, end: End): void => {
  const command = program.command("eval").summary("measure a model on a suite of tasks");
  modelOptions(command)
    .description(
      "Run every task of a suite and report what was solved, at the first try and after feedback,\n" +
        "with intervals, pass@k, cost and time; and how good reviews are. evaluation/README.md has the format.",
    )
    .argument("<suite>", "a folder of tasks, such as evaluation/")
    .option("--samples <n>", "how often each task is done (default: 1)")
    .option("--parallel <n>", "how many at the same time (default: 1)")
    .option("--only <task...>", "these tasks alone")
    .option("--results <file>", "append each result there, and go on from what stands there")
    .addOption(jsonOption())
    .action(async (suite: string, flags: unknown) => {
      const { evaluateSuite } = await import("./commands/evaluate.ts");
      await end(evaluateSuite(suite, flags, context));
    });
};

const addFeedback = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./commands/feedback.ts");
  recordCommand(program, "rate", "say what you think of a run or an execution")
    .argument("<id>", "a task's or an execution's")
    .addArgument(new Argument("<verdict>").choices(["up", "down"]))
    .option("--note <text>", "why; later runs are told")
    .action(async (id: string, verdict: string, flags: RecordFlags & { note?: string }) =>
      end((await load()).rate(id, verdict, flags, context)),
    );
  program
    .command("export")
    .summary("executions as JSON lines, without secrets, for evaluation or fine-tuning")
    .addOption(workspaceOption())
    .option("--output <file>", "where to; standard output if left out")
    .option("--since <date>", "only those created since")
    .option("--workflow <name>", "only those of that workflow or team")
    .option("--agent <type>", "only those of that type of agent")
    .option("--status <status>", "only those in that status, such as Completed")
    .option("--rating <verdict>", "only those rated up or down")
    .option("--task <task-id>", "only those of that task")
    .action(async (flags: RecordFlags & { output?: string }) =>
      end((await load()).exportExecutions(flags, context)),
    );
};

const addDecisions = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./commands/decisions.ts");
  const changes = program.command("changes").summary("show, apply or discard what a run changed");
  recordCommand(changes, "show <task-id>", "print the unified diff").action(
    async (taskId: string, flags: RecordFlags) => end((await load()).showChanges(taskId, flags, context)),
  );
  recordCommand(changes, "apply <task-id>", "write it into the workspace; merges what was edited since")
    .addOption(alsoOption("--also <path>"))
    .action(async (taskId: string, flags: RecordFlags & { also?: string[] }) =>
      end((await load()).applyChanges(taskId, flags, context)),
    );
  recordCommand(changes, "discard <task-id>", "forget it")
    .option("--reason <text>", "why; later runs are told")
    .action(async (taskId: string, flags: RecordFlags & { reason?: string }) =>
      end((await load()).discardChanges(taskId, flags, context)),
    );
  const findings = program.command("findings").summary("what reviewing agents reported");
  recordCommand(findings, "list", "list open findings")
    .addOption(sarifOption())
    .action(async (flags: RecordFlags & { output?: string }) =>
      end((await load()).listFindings(flags, context)),
    );
  addDismissal(findings, context, end);
};

const addDismissal = (findings: Command, context: CommandContext, end: End): void => {
  recordCommand(
    findings,
    "dismiss <finding-id>",
    "dismiss one and its like; findings list --json has the ids",
  )
    .requiredOption("--reason <text>", "why; later runs are told")
    .action(async (id: string, flags: RecordFlags & { reason: string }) =>
      end((await import("./commands/decisions.ts")).dismissFinding(id, flags, context)),
    );
};

const sinceOption = () => new Option("--since <date>", "first day, as 2026-01-31 (default: 30 days ago)");

const addMetrics = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./commands/metrics.ts");
  const metrics = recordCommand(program, "metrics", "success, time, tokens and cost of what agents did")
    .addOption(sinceOption())
    .addOption(new Option("--by <field>", "what rows are").choices(MetricField.options).default("day"))
    .action(async (flags: RecordFlags) => end((await load()).showMetrics(flags, context)));
  metrics
    .command("rules")
    .summary("print the alerts as a rules file of Prometheus")
    // Both commands have these flags: commander gives them to the outer one.
    .action(async (_flags: RecordFlags, command: Command) =>
      end((await load()).printRules(command.optsWithGlobals<RecordFlags>(), context)),
    );
  recordCommand(program, "report", "write the dashboard as one HTML page")
    .argument("[file]", "where to", "coditect-report.html")
    .addOption(sinceOption())
    .action(async (file: string, flags: RecordFlags) =>
      end((await load()).writeReport(file, flags, context)),
    );
};

const addAlerts = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./commands/alerts.ts");
  const alerts = program.command("alerts").summary("what a person should look at");
  recordCommand(alerts, "list", "list alerts; exit code 1 while one is not acknowledged")
    .option("--all", "also those whose cause is gone")
    .action(async (flags: RecordFlags & { all?: boolean }) => end((await load()).listAlerts(flags, context)));
  recordCommand(alerts, "ack <alert-id>", "say that you know of it").action(
    async (id: string, flags: RecordFlags) => end((await load()).acknowledgeAlert(id, flags, context)),
  );
};

const addAccess = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./commands/tokens.ts");
  const tokens = program.command("tokens").summary("who may call the server of a team, and as what");
  recordCommand(tokens, "create", "make a token; it is printed once")
    .requiredOption("--user <name>", "the person or program that calls with it")
    .addOption(new Option("--role <role>", "what it may do").choices(Role.options).makeOptionMandatory())
    .option("--expires <when>", "a time from now (12h, 90d), a day, or never", "90d")
    .action(async (flags: RecordFlags) => end((await load()).createToken(flags, context)));
  recordCommand(tokens, "list", "list tokens, never their secrets").action(async (flags: RecordFlags) =>
    end((await load()).listTokens(flags, context)),
  );
  recordCommand(tokens, "revoke <token-id>", "refuse a token from now on").action(
    async (id: string, flags: RecordFlags) => end((await load()).revokeToken(id, flags, context)),
  );
  const audit = recordCommand(program, "audit", "who did what to which record, when, and from where").action(
    async (flags: RecordFlags) => end((await import("./commands/audit.ts")).listAudit(flags, context)),
  );
  audit
    .command("verify <file>")
    .summary("check the chain of a log that was exported with coditect audit --json")
    .action(async (file: string) => end((await import("./commands/audit.ts")).verifyAudit(file, context)));
};

const addLessons = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("./commands/lessons.ts");
  const lessons = program.command("lessons").summary("what agents are told of your feedback");
  recordCommand(lessons, "list", "list lessons and where each comes from").action(
    async (flags: RecordFlags) => end((await load()).listLessons(flags, context)),
  );
  recordCommand(lessons, "reject <lesson-id>", "take one out for good").action(
    async (id: string, flags: RecordFlags) => end((await load()).rejectLesson(id, flags, context)),
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
  const load = () => import("./commands/records.ts");
  // The keys of an object of that very type.
  for (const group of Object.keys(groupSummaries) as RecordGroup[]) {
    const command = program.command(group).summary(groupSummaries[group]);
    recordCommand(command, "list", `list ${group}`).action(async (flags: RecordFlags) =>
      end((await load()).listRecords(group, flags, context)),
    );
    const show = recordCommand(command, "show <id>", "show one");
    if (group === "executions")
      show.option("--prompt", "the exact request of its last turn, without the key");
    show.action(async (id: string, flags: RecordFlags & { prompt?: boolean }) => {
      const { showPrompt, showRecord } = await load();
      await end(
        flags.prompt === true ? showPrompt(id, flags, context) : showRecord(group, id, flags, context),
      );
    });
    if (group === "agents" || group === "teams") addSharing(command, group, context, end);
    if (group === "runs")
      recordCommand(command, "compare <task-id> <other>", "two runs side by side").action(
        async (one: string, other: string, flags: RecordFlags) =>
          end((await import("./commands/compare.ts")).compareRuns([one, other], flags, context)),
      );
    if (group === "executions")
      recordCommand(command, "cancel <id>", "cancel one").action(async (id: string, flags: RecordFlags) =>
        end((await import("./commands/decisions.ts")).cancelExecution(id, flags, context)),
      );
  }
};

const addSharing = (command: Command, kind: SharedKind, context: CommandContext, end: End): void => {
  const load = () => import("./commands/share.ts");
  recordCommand(command, "export <name>", "write it as one file to share, without keys and providers")
    .option("--output <file>", "the file (default: standard output)")
    .action(async (name: string, flags: ExportFlags) =>
      end((await load()).exportShared(kind, name, flags, context)),
    );
  recordCommand(
    command,
    "restore <name>",
    "give up what you made of a default, and have it as it came",
  ).action(async (name: string, flags: RecordFlags) =>
    end((await load()).restoreDefault(kind, name, flags, context)),
  );
  recordCommand(
    command,
    "import <source>",
    "show what a file, npm:NAME or git URL may do, and put it into .coditect; nothing of it is run",
  )
    .option("--hash <sha256>", "import it without a question if it is exactly this")
    .action(async (source: string, flags: ImportFlags) =>
      end((await load()).importShared(source, flags, context)),
    );
};

/** Files that something runs, or that steer agents, are applied only by their names. */
const alsoOption = (flags: string): Option =>
  new Option(
    flags,
    "apply this file, too, which something runs or which steers tools (repeatable)",
  ).argParser((path: string, before: string[] | undefined) => [...(before ?? []), path]);

const addSettings = (program: Command, context: CommandContext, end: End): void => {
  const settings = program.command("settings").summary("list and change settings");
  recordCommand(settings, "list", "list every setting, its value and where it comes from").action(
    async (flags: RecordFlags) => end((await import("./commands/settings.ts")).listSettings(flags, context)),
  );
  const project = [
    "--project",
    "in .coditect/settings.json of the workspace, which can only tighten",
  ] as const;
  recordCommand(settings, "set <key> <value>", "set it for you, in every workspace")
    .option(...project)
    .action(async (key: string, value: string, flags: SettingFlags) =>
      end((await import("./commands/settings.ts")).setSetting(key, value, flags, context)),
    );
  recordCommand(settings, "unset <key>", "take it out of the file again")
    .option(...project)
    .action(async (key: string, flags: SettingFlags) =>
      end((await import("./commands/settings.ts")).unsetSetting(key, flags, context)),
    );
};

/** `--set KEY=VALUE`, as often as wanted. */
const setOption = (): Option =>
  new Option("--set <key=value>", "a setting for this command, as in coditect settings list; can be repeated")
    .argParser((text: string, before: string[]) => [...before, text])
    .default([], "none");

const addServe = (program: Command, context: CommandContext, end: End): void => {
  recordCommand(program, "serve", "serve the runtime over REST: on loopback, or to a team over TLS")
    .addOption(new Option("--port <n>", "port on loopback (default: any free one)").argParser(portNumber))
    .option("--listen <host:port>", "serve a team there; tokens are made with coditect tokens")
    .option("--tls-cert <file>", "certificate chain in PEM; read again on SIGHUP")
    .option("--tls-key <file>", "its private key in PEM")
    .addOption(
      new Option("--tenant <name=dir>", "a tenant and its workspace (repeatable)").argParser(
        (text: string, before: string[] | undefined) => [...(before ?? []), text],
      ),
    )
    .option("--rate <n>", "requests a minute for each token (default: 600)")
    .option("--max-body <mb>", "largest body of a request (default: 16)")
    .option("--drain <seconds>", "how long to wait for requests and runs when it ends (default: 30)")
    .option("--oidc-issuer <url>", "accept tokens of this OpenID Connect provider, too")
    .option("--oidc-audience <name>", "the audience they must have")
    .addOption(setOption())
    .action(async (flags: ServeFlags) => end((await import("./commands/serve.ts")).serve(flags, context)));
};

const addRuntime = (program: Command, context: CommandContext, end: End): void => {
  addServe(program, context, end);
  recordCommand(program, "doctor", "check whether everything a team needs is there")
    .option("--repair", "mend the state folder, keeping the files as they were")
    .option("--adopt", "take over a state folder that was made by another user, or on another machine")
    .action(async (flags: DoctorFlags) => end((await import("./commands/doctor.ts")).doctor(flags, context)));
  const models = recordCommand(program, "models", "list models, their windows and prices")
    .option("--reachable", "ask the providers what they have right now")
    .action(async (flags: RecordFlags & { reachable?: boolean }) =>
      end((await import("./commands/models.ts")).listModels(flags, context)),
    );
  recordCommand(models, "pull <name>", "pull a model into Ollama").action(
    // Both commands have these flags: commander gives them to the outer one.
    async (name: string, _flags: RecordFlags, command: Command) =>
      end(
        (await import("./commands/models.ts")).pullModel(
          name,
          command.optsWithGlobals<RecordFlags>(),
          context,
        ),
      ),
  );
  program
    .command("image")
    .summary("container image of the instances")
    .command("build")
    .summary("build it, from what this machine has or on top of another image")
    .option("--base <image>", "image whose tools the agents need")
    .option("--name <name>", "name of the new image")
    .action(async (flags: { base?: string; name?: string }) =>
      end((await import("./commands/image.ts")).buildWorkerImage(flags, context)),
    );
  addCredentials(program, context, end);
  addProtocols(program, context, end);
};

/** Ways in for other programs: they own standard input and output. */
const addProtocols = (program: Command, context: CommandContext, end: End): void => {
  modelOptions(program.command("mcp").summary("serve teams, changes and findings as MCP tools"))
    .addOption(workspaceOption())
    .addOption(unconfinedOption())
    .action(async (flags: unknown) => end((await import("./commands/mcp.ts")).serveMcp(flags, context)));
  modelOptions(program.command("acp").summary("serve teams to an editor that speaks ACP"))
    .addOption(unconfinedOption())
    .action(async (flags: unknown) => end((await import("./commands/acp.ts")).serveAcp(flags, context)));
  program
    .command("lsp")
    .summary("start the language server for any LSP client")
    .requiredOption("--stdio", "talk over standard input and output")
    .action(async () => end((await import("./commands/lsp.ts")).serveLsp()));
};

const addCredentials = (program: Command, context: CommandContext, end: End): void => {
  const keys = () => import("./commands/keys.ts");
  const credentials = program.command("credentials").summary("keys of providers, in an encrypted file");
  credentials
    .command("set <name>")
    .summary("store a key, read from standard input; NAME is claude, gemini, huggingface, or an agent's own")
    .action(async (name: string) => end((await keys()).setKey(name, context)));
  credentials
    .command("rotate <name>")
    .summary("put a new key in front; the old one stays valid until the next rotation")
    .action(async (name: string) => end((await keys()).rotateKey(name, context)));
  credentials
    .command("list")
    .summary("list names, never keys")
    .action(async () => end((await keys()).listKeys(context)));
  credentials
    .command("remove <name>")
    .summary("remove all keys of that name")
    .action(async (name: string) => end((await keys()).removeKey(name, context)));
};

const portNumber = (value: string): number => {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("It must be a port from 0 to 65535.");
  return port;
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

/** Who is asked, where, and how much it may take. */
const modelOptions = (command: Command): Command =>
  command
    .addOption(new Option("--provider <name>", "who is asked").choices(providerNames))
    .option("--model <name>", "the provider's model")
    .option("--endpoint <url>", "the provider's address in place of its own")
    .addOption(new Option("--runtime <where>", "where instances run").choices(["local", "docker"]))
    .option("--image <name>", "container image of the instances")
    .option("--max-cost <usd>", "stop before a run costs more")
    .option("--max-tokens <n>", "stop before a run uses more tokens")
    .option("--timeout <seconds>", "stop a run after this long");

const unconfinedOption = () =>
  new Option("--unconfined <answer>", "may agents' commands run where there is no sandbox").choices(
    unconfinedAnswers,
  );

const runOptions = (command: Command): Command =>
  modelOptions(command.addOption(workspaceOption()))
    .option("--apply", "write the changes into the workspace if every gate held")
    .addOption(alsoOption("--apply-also <path>"))
    .addOption(jsonOption())
    .addOption(sarifOption())
    .option("--no-lessons", "neither draw lessons from feedback nor give them to agents")
    .option("--no-embeddings", "rank files that do not all fit by their relation alone")
    .addOption(unconfinedOption())
    .addOption(setOption())
    .option(
      "--untrusted",
      "the workspace is somebody else's: its .coditect folder decides nothing (default for a fork's pull request)",
    )
    .option("--no-untrusted", "trust it, whatever the CI service says")
    .option("--allow-configuration <hash>", "use the workspace's .coditect folder in the state of this hash")
    .option("--test-command <command>", "how the project's tests are run, instead of finding out")
    .addHelpText("after", exitCodesHelp);
