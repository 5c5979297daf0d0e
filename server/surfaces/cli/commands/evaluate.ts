import { resolve } from "node:path";
import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import type { EvaluationReport, Trial } from "../../../../schemas/evaluation.ts";
import { Settings } from "../../../../schemas/settings.ts";
import type { EvaluationEnvironment } from "../../../evaluation/environment.ts";
import { evaluate } from "../../../evaluation/evaluate.ts";
import { reportOf } from "../../../evaluation/report.ts";
import { openResults, type Results } from "../../../evaluation/results.ts";
import { loadSuite, type Suite } from "../../../evaluation/suite.ts";
import { workerEntry } from "../../../platform/installation.ts";
import { describeProvider } from "../../../models/agent.ts";
import { exitCodes } from "../session/exit.ts";
import { evaluationTable, trialLine } from "../display/evaluation-table.ts";
import { catchInterruption } from "../session/interruption.ts";
import { cliLog } from "../session/log.ts";
import {
  chosenProvider,
  parseFlagsAs,
  parseRunFlags,
  processOrigin,
  runOptionsOf,
  guessedSettings,
  settingsOf,
} from "../session/options.ts";
import { cliCredentials } from "../session/secrets.ts";
import { type CommandContext, noticesOn } from "../display/terminal.ts";

const count = z.coerce.number().int().min(1);
const EvaluationFlags = z.object({
  samples: count.max(100).default(1),
  parallel: count.max(16).default(1),
  results: z.string().optional(),
  only: z.array(z.string()).default([]),
});

const chosenTasks = (suite: Suite, only: readonly string[]): Suite => {
  const missing = only.find((name) => !suite.tasks.some((task) => task.name === name));
  if (missing !== undefined)
    throw fail("not_found", { kind: `task of the suite ${suite.name}`, id: missing });
  return only.length === 0
    ? suite
    : { ...suite, tasks: suite.tasks.filter(({ name }) => only.includes(name)) };
};

const noResults: Results = { known: [], add: () => Promise.resolve() };

/** The trials in a results file that have this suite, model and number of samples. */
const ofThis = (trials: readonly Trial[], suite: Suite, model: string, samples: number): Trial[] =>
  trials.filter(
    (trial) =>
      trial.error === null &&
      trial.model === model &&
      trial.sample <= samples &&
      suite.tasks.some(({ name }) => name === trial.task),
  );

const show = (
  report: EvaluationReport,
  trials: readonly Trial[],
  json: boolean,
  { terminal }: CommandContext,
): void => {
  terminal.out(json ? `${JSON.stringify(report)}\n` : `\n${evaluationTable(report, trials, terminal)}`);
};

/**
 * `coditect eval SUITE`. With `--results FILE`, it continues where it stopped. Exit code 3 if a trial had no
 * result, 130 if it was interrupted.
 */
export const evaluateSuite = async (
  folder: string,
  flagsAsGiven: unknown,
  context: CommandContext,
): Promise<number> => {
  const { environment, currentFolder, terminal } = context;
  const flags = parseRunFlags(flagsAsGiven);
  const { samples, parallel, results: file, only } = parseFlagsAs(EvaluationFlags, flagsAsGiven);
  if (flags.provider === "rehearsal")
    throw fail("usage", {
      problem: "The rehearsal works only on its own sample. Choose another --provider.",
    });
  const suite = chosenTasks(await loadSuite(resolve(currentFolder, folder)), only);
  const [guessed, chosen] = [guessedSettings(environment), settingsOf(flags)];
  const endpoints = { ...guessed.endpoints, ...chosen.endpoints };
  const settings = Settings.parse({ ...guessed, ...chosen, endpoints });
  const provider = chosenProvider(flags, environment) ?? settings.provider;
  const { name, model: modelName } = describeProvider(provider);
  const model = `${name}/${modelName}`;
  const results = file === undefined ? noResults : await openResults(resolve(currentFolder, file));
  const known = ofThis(results.known, suite, model, samples);
  const setting: EvaluationEnvironment = {
    settings,
    options: { ...runOptionsOf(flags, provider), started_by: processOrigin("eval", environment) },
    credentials: cliCredentials(environment),
    worker: workerEntry(),
    log: cliLog(environment),
    notice: noticesOn(terminal),
  };
  const interruption = catchInterruption();
  try {
    const { signal } = interruption;
    const tell = async (trial: Trial): Promise<void> => {
      await results.add(trial);
      terminal.out(flags.json ? `${JSON.stringify(trial)}\n` : trialLine(trial, terminal));
    };
    const made = await evaluate(setting, { suite, model, samples, parallel, known, tell, signal });
    const trials = [...known, ...made];
    const report = reportOf(suite.name, model, trials);
    show(report, trials, flags.json, context);
    if (signal.aborted) return exitCodes.cancelled;
    return report.failed > 0 ? exitCodes.broken : exitCodes.held;
  } finally {
    interruption.stop();
  }
};
