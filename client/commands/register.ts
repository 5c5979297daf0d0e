import * as vscode from "vscode";
import { commandOrigin } from "../../schemas/run-origin.ts";
import type { Context } from "../context.ts";
import { commandIds, linkedCommandIds } from "../contributions.ts";
import { showError } from "../errors.ts";

/** Registers every command. Their code is loaded when the first one runs. */
export const registerCommands = (context: Context): vscode.Disposable[] =>
  [...commandIds, ...linkedCommandIds].map((id) => {
    const run = async (argument: unknown): Promise<unknown> => {
      const command = commandOrigin(id);
      try {
        const { commandTable } = await import("./table.ts");
        const { up, down } = commandTable[id];
        const work = context.runtime.state.kind === "ready" ? up : down;
        return await work({ ...context, command }, argument);
      } catch (error) {
        await showError(error, context.log, () => run(argument));
        return undefined;
      }
    };
    return vscode.commands.registerCommand(id, run);
  });
