import { exitCodes } from "../session/exit.ts";
import { formatCount } from "../display/format.ts";
import { type RecordFlags, withConnection } from "./records.ts";
import { tableText } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";

/** `coditect models`: what is known; with `--reachable` what the providers list right now. */
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

/** `coditect models pull NAME`: into the Ollama that is set, with its progress. */
export const pullModel = (model: string, flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    connection.subscribe((event) => {
      if (event.type !== "model.pulling" || event.model !== model) return;
      if (flags.json === true) terminal.out(`${JSON.stringify(event)}\n`);
      else terminal.err(`${progressOf(event)}\n`);
    });
    await connection.call("models/pull", { model });
    if (flags.json !== true) terminal.out(`Ollama has ${model}.\n`);
    return exitCodes.held;
  });

const progressOf = ({ status, completed, total }: { status: string; completed: number; total: number }) =>
  total === 0
    ? status
    : `${status}: ${Math.floor((100 * completed) / total)} % of ${(total / 1e9).toFixed(1)} GB`;
