import { exitCodes } from "./exit.ts";
import { formatCount } from "./format.ts";
import { type RecordFlags, withConnection } from "./records.ts";
import { alignColumns } from "./summary.ts";
import type { CommandContext } from "./terminal.ts";

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
    const [header = "", ...lines] = alignColumns([
      ["PROVIDER", "MODEL", "WINDOW", "PRICE IN / OUT", ""],
      ...rows,
    ]);
    terminal.out(`${terminal.style("bold", header)}\n${lines.map((line) => `${line}\n`).join("")}`);
    return exitCodes.held;
  });
