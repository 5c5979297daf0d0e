import type { AIProvider } from "../../../../schemas/agent.ts";
import { defaultModels } from "../../../../schemas/default-models.ts";
import { CoditectError, fail, fromWireError } from "../../../../schemas/errors.ts";
import {
  firstModelOf,
  meansNoModel,
  modelOverview,
  type ProviderOverview,
} from "../../../../schemas/model-overview.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { askedText, choiceName, overviewText, readinessText } from "../display/model-overview.ts";
import { alignColumns } from "../display/summary.ts";
import { reportError, type CommandContext } from "../display/terminal.ts";
import { isThere, readLine } from "./consent.ts";
import type { RunFlags } from "./options.ts";
import { pullWithProgress } from "./pull.ts";
import { credentialStore, readKey } from "./secrets.ts";

/** The current state of every provider. */
const askOverview = async (connection: Connection): Promise<ProviderOverview[]> =>
  modelOverview((await connection.call("models/list", { reachable: true })).items);

/** Makes it the provider for all runs of this user, in every workspace. */
export const chooseProvider = async (connection: Connection, provider: AIProvider): Promise<void> => {
  await connection.call("settings/set", { key: "provider", value: provider, scope: "user" });
};

/**
 * Makes a model of a provider available: asks for the key and tries it in a real call, or pulls a model.
 * Errors: `credential_rejected` and `provider_unreachable` from the provider.
 */
export const setUpProvider = async (
  overview: ProviderOverview,
  connection: Connection,
  context: CommandContext,
): Promise<AIProvider> => {
  const { name, readiness } = overview;
  const provider = firstModelOf(overview);
  if (readiness === "ready" && provider !== null) return provider;
  if (readiness === "no_key") return setUpKey(overview, connection, context);
  if (readiness === "unreachable" || name !== "Ollama")
    throw fail("usage", { problem: `${name} cannot be used now: ${readinessText(overview)}.` });
  await pullWithProgress(defaultModels.Ollama, connection, context);
  const pulled = firstModelOf(await overviewOf(name, connection));
  if (pulled !== null) return pulled;
  throw fail("model_not_found", {
    provider: name,
    model: defaultModels.Ollama,
    hint: "It was pulled, but Ollama does not list it. Check ollama list.",
  });
};

/** The same for one provider. */
export const overviewOf = async (
  name: ProviderOverview["name"],
  connection: Connection,
): Promise<ProviderOverview> => {
  const found = (await askOverview(connection)).find((provider) => provider.name === name);
  return found ?? { name, readiness: "no_model", models: [], problem: null };
};

/**
 * Tries the key in a real call, and stores it unless the provider rejected it. If the provider cannot be
 * reached now, it may accept the key later.
 */
const setUpKey = async (
  { name }: ProviderOverview,
  connection: Connection,
  { environment, terminal }: CommandContext,
): Promise<AIProvider> => {
  const stored = choiceName(name);
  const key = await readKey(stored);
  await connection.call("credentials/set", { provider: name, keys: [key] });
  const overview = await overviewOf(name, connection);
  if (overview.readiness === "no_key") {
    await connection.call("credentials/set", { provider: name, keys: [] });
    throw fail("credential_rejected", { provider: name, variable: `coditect models use ${stored}` });
  }
  const isAccepted = overview.readiness === "ready";
  const word = isAccepted ? `${name} accepted the key` : `${name} could not check the key`;
  try {
    await credentialStore(environment).set(stored, key);
    terminal.err(`${word}. It is stored.\n`);
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    terminal.err(`${word}. It is kept for this command only: ${error.message}.\n`);
  }
  const provider = firstModelOf(overview);
  if (provider !== null) return provider;
  throw fail("usage", { problem: `${name} lists no models. Name one with --model.` });
};

/** The provider of a run: the chosen one, or the rehearsal on its own sample. */
export type Answer = { provider: AIProvider | null } | "rehearsal";

/**
 * Checks that the team's agents have a model that can answer, before anything is recorded. If they have none,
 * a person at the terminal chooses one, and later runs use it too. If nobody can answer, lists the providers
 * and models. Errors: the reason why no model can answer.
 */
export const ensureModel = async (
  request: { team_id: string; provider: AIProvider | null },
  connection: Connection,
  flags: RunFlags,
  context: CommandContext,
  signal: AbortSignal,
): Promise<Answer> => {
  if (flags.provider === "rehearsal") return request;
  // Programs that read events do not get the result, so they do not wait for it.
  const { problem, asked } = await connection.call("models/check", { ...request, reachable: !flags.json });
  if (problem === null) {
    if (!flags.json) context.terminal.err(`${context.terminal.style("dim", askedText(asked))}\n`);
    return request;
  }
  const error = fromWireError(problem);
  // Programs read the end of the run from its events. A command line that is not valid starts no run.
  if (flags.json && error.code !== "usage") return request;
  if (!meansNoModel(error.code)) throw error;
  const providers = await askOverview(connection);
  if (isThere(flags, context)) {
    reportError(error, context.terminal);
    const answer = await askChoice(providers, connection, context, signal);
    if (answer !== null) return answer;
    if (signal.aborted) throw fail("cancelled", { what: "The run" });
  } else {
    const rehearsal = `${context.program} run ${request.team_id} --provider rehearsal`;
    context.terminal.err(`${overviewText(providers, { program: context.program, rehearsal })}\n\n`);
  }
  throw error;
};

/** The person's input. Empty if they interrupt. */
const lineOf = async (question: string, signal: AbortSignal): Promise<string> => {
  try {
    return await readLine(question, signal);
  } catch (error) {
    if (signal.aborted) return "";
    throw error;
  }
};

/** A person at the terminal chooses the model for all their runs. Null: the person gave up. */
export const chooseModel = async (
  connection: Connection,
  context: CommandContext,
  signal: AbortSignal,
): Promise<Answer | null> => askChoice(await askOverview(connection), connection, context, signal);

/** Asks until the person chooses an available model. Null: the person gave up. */
const askChoice = async (
  providers: readonly ProviderOverview[],
  connection: Connection,
  context: CommandContext,
  signal: AbortSignal,
): Promise<Answer | null> => {
  const { terminal } = context;
  const rows = providers.map((provider, index) => [`  ${index + 2}`, provider.name, readinessText(provider)]);
  const rehearse = ["  1", "Rehearsal", "a script plays the model: no key, no network, no cost"];
  terminal.err(`${["What should the team ask?", ...alignColumns([rehearse, ...rows])].join("\n")}\n`);
  for (;;) {
    const line = (await lineOf("Number, or Enter to stop: ", signal)).trim();
    if (line === "") return null;
    if (line === "1") return "rehearsal";
    const chosen = providers[Number(line) - 2];
    if (chosen === undefined) continue;
    try {
      const provider = await setUpProvider(chosen, connection, context);
      await chooseProvider(connection, provider);
      return { provider };
    } catch (error) {
      if (!(error instanceof CoditectError)) throw error;
      reportError(error, terminal);
    }
  }
};
