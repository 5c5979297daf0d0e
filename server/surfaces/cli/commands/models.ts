import { BY_ROLE } from "../../../../schemas/default-models.ts";
import { withModel } from "../../../../schemas/agent.ts";
import { describeProvider } from "../../../models/agent.ts";
import { exitCodes } from "../session/exit.ts";
import { formatCount } from "../display/format.ts";
import { chooseProvider, overviewOf, setUpProvider } from "../session/first-model.ts";
import { type Asked, providerByChoice } from "../session/options.ts";
import { pullWithProgress } from "../session/pull.ts";
import { type RecordFlags, withConnection } from "./records.ts";
import { tableText } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";

/** `coditect models`: the known models. With `--reachable`, the models that the providers list now. */
export const listModels = (
  flags: RecordFlags & { reachable?: boolean },
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    const { items } = await connection.call("models/list", { reachable: flags.reachable ?? false });
    if (flags.json === true) {
      for (const item of items) terminal.out(`${JSON.stringify(item)}\n`);
      return exitCodes.held;
    }
    const rows = items.map(({ provider, name, available, problem, price, context_window }) => [
      Object.keys(provider).join(),
      name,
      context_window === null ? "" : formatCount(context_window),
      price === null ? "price unknown" : `$${price.input} / $${price.output} per million`,
      available ? "" : (problem ?? "not available"),
    ]);
    terminal.out(tableText(["PROVIDER", "MODEL", "WINDOW", "PRICE IN / OUT", ""], rows, terminal));
    return exitCodes.held;
  });

/** `coditect models pull NAME`: pulls a model into the configured Ollama and shows the progress. */
export const pullModel = (model: string, flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    if (flags.json === true)
      await pullWithProgress(model, connection, context, (event) => {
        terminal.out(`${JSON.stringify(event)}\n`);
      });
    else await pullWithProgress(model, connection, context);
    if (flags.json !== true) terminal.out(`Ollama has ${model}.\n`);
    return exitCodes.held;
  });

/**
 * `coditect models use PROVIDER [MODEL]`: sets the provider and model of runs. Gets the key or pulls the
 * model if it is missing.
 */
export const useModel = (
  choice: Asked,
  model: string | undefined,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const name = providerByChoice[choice];
    const found = await setUpProvider(await overviewOf(name, connection), connection, context);
    const provider = model === undefined ? found : withModel(found, model);
    await chooseProvider(connection, provider);
    const asked = describeProvider(provider).model;
    const what = asked === BY_ROLE ? `${name}, each agent the model for its role` : `${name}/${asked}`;
    context.terminal.out(`Runs now ask ${what}.\n`);
    return exitCodes.held;
  });
