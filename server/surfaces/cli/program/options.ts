import { InvalidArgumentError, Option, type Command } from "commander";
import { Effort } from "../../../../schemas/agent.ts";
import { fail } from "../../../../schemas/errors.ts";
import { providerNames, runtimeNames, unconfinedAnswers } from "../session/options.ts";

export type End = (code: Promise<number>) => Promise<void>;

export const workspaceOption = () =>
  new Option("--workspace <dir>", "the workspace folder (default: the current one)");

export const jsonOption = () =>
  new Option("--json", "write only JSON lines to standard output, for programs");

/** Its value is FILE. */
export const sarifOption = () =>
  new Option("--output <sarif=FILE>", "also write the findings as SARIF 2.1.0").argParser((value: string) => {
    const file = /^sarif=(.+)$/.exec(value)?.[1];
    if (file === undefined) throw new InvalidArgumentError("It must be sarif=FILE.");
    return file;
  });

/** The days (UTC) of a command's output. */
export const withSpan = (command: Command): Command =>
  command
    .option("--since <date>", "the first day, such as 2026-01-31 (default: 30 days before the last)")
    .option("--until <date>", "last day (default: today)");

/** Collects the values of a repeatable option. */
export const repeated = (text: string, before: readonly string[] = []): string[] => [...before, text];

export const testCommandOption = (): Option =>
  new Option("--test-command <command>", "the project's test command, instead of the detected one");

export const testReportOption = (): Option =>
  new Option(
    "--test-report <path>",
    "the report that the test command writes (JUnit XML or TAP): a path, a glob, or - for its output",
  );

export const allowFileOption = (): Option =>
  new Option(
    "--allow-file <path>",
    "let tests read this environment file in version control, even if it may hold secrets (repeatable)",
  )
    .argParser(repeated)
    .default([], "none");

/** `--set KEY=VALUE`, repeatable. */
export const setOption = (): Option =>
  new Option("--set <key=value>", "a setting for this command (repeatable); see coditect settings list")
    .argParser(repeated)
    .default([], "none");

export const equivalentOption = (): Option =>
  new Option(
    "--equivalent <id>",
    "confirm that a mutant makes no difference, by its ID in an earlier proof (repeatable)",
  )
    .argParser(repeated)
    .default([], "none");

/** Files that run programs or direct agents. They are applied only by name. */
export const alsoOption = (flags: string): Option =>
  new Option(flags, "also apply this file, which is executed or configures tools (repeatable)").argParser(
    repeated,
  );

export const unconfinedOption = () =>
  new Option("--unconfined <answer>", "whether commands of agents may run without a sandbox").choices(
    unconfinedAnswers,
  );

/** One runtime, or several in order of preference. */
export const runtimeOption = (summary: string) =>
  new Option(
    "--runtime <where>",
    `${summary}: ${runtimeNames.join(", ")}, or a list such as local,kubernetes`,
  );

export const recordCommand = (parent: Command, name: string, summary: string): Command =>
  parent.command(name).summary(summary).addOption(workspaceOption()).addOption(jsonOption());

/** The value of `--provider` and similar options. Error: `provider_only_in_editor`. */
export const providerArgument =
  (names: readonly string[]) =>
  (given: string): string => {
    if (given === "vscode") throw fail("provider_only_in_editor", {});
    if (!names.includes(given)) throw new InvalidArgumentError(`Allowed choices are ${names.join(", ")}.`);
    return given;
  };

const providerOption = () =>
  new Option("--provider <name>", "the model provider")
    .choices(providerNames)
    .argParser(providerArgument(providerNames));

/** The provider, its address, and the limits. */
export const modelOptions = (command: Command): Command =>
  command
    .addOption(providerOption())
    .option("--model <name>", "the provider's model")
    .option("--endpoint <url>", "the provider's URL instead of its own")
    .addOption(new Option("--effort <level>", "how much the model thinks").choices(Effort.options))
    .addOption(runtimeOption("where instances run"))
    .option("--image <name>", "the container image of the instances")
    .option("--max-cost <usd>", "stop before a run costs more")
    .option("--max-tokens <n>", "stop before a run uses more tokens")
    .option("--timeout <seconds>", "stop a run after this long");
