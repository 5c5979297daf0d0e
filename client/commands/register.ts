import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { commandIds, linkedCommandIds } from "../contributions.ts";
import { showError } from "../errors.ts";

/** Registers every command; what they do is loaded when the first one is run. */
export const registerCommands = (context: Context): vscode.Disposable[] =>
  [...commandIds, ...linkedCommandIds].map((id) => {
    const run = async (argument: unknown): Promise<unknown> => {
      try {
        const { commandTable } = await import("./table.ts");
        const { up, down } = commandTable[id];
        return await (context.runtime.state.kind === "ready" ? up : down)(context, argument);
      } catch (error) {
        await showError(error, context.log, () => run(argument));
        return undefined;
      }
    };
    return vscode.commands.registerCommand(id, run);
  });
