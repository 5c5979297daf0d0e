import { text } from "node:stream/consumers";
import { z } from "zod";
import { changeSince } from "../../../proof/git-change.ts";
import { type CommandContext, noticesOn } from "../display/terminal.ts";
import { catchInterruption } from "../session/interruption.ts";
import { proveWithFlags, type ProveFlags } from "./proving.ts";
import { proofMarkdown } from "../display/proof-report.ts";

/** Exit codes of a hook: the agent may stop; the hook itself failed; the agent must continue. */
const hookCodes = { stop: 0, broken: 1, goOn: 2 } as const;

/** The used fields of what an agent sends to its Stop hook on standard input. */
const HookInput = z.object({ stop_hook_active: z.boolean().default(false) });

const INPUT_MS = 5000;

const readInput = async (stdin: NodeJS.ReadStream): Promise<z.infer<typeof HookInput>> => {
  if (stdin.isTTY) return HookInput.parse({});
  const late = AbortSignal.timeout(INPUT_MS);
  const ended = new Promise<string>((resolve) => {
    late.addEventListener("abort", () => {
      stdin.destroy();
      resolve("");
    });
  });
  const given = await Promise.race([text(stdin), ended]);
  return HookInput.parse(given.trim() === "" ? {} : JSON.parse(given));
};

/**
 * `coditect prove --hook`: a Stop hook of another agent. It lets the agent stop if nothing changed or every
 * gate passed. Otherwise, it names the failed gates on standard error, and the agent continues. If a hook
 * already sent the agent back once, it prints the same but lets the agent stop, so that the agent can end.
 */
export const proveForHook = async (
  workspace: string,
  flags: ProveFlags,
  context: CommandContext,
): Promise<number> => {
  const interruption = catchInterruption();
  try {
    const { signal } = interruption;
    const { stop_hook_active } = await readInput(process.stdin);
    const change = await changeSince(workspace, flags.base, signal);
    if (change.changes.length === 0) return hookCodes.stop;
    const told = { proven: () => undefined, notice: noticesOn(context.terminal) };
    const { proofs } = await proveWithFlags(change, workspace, flags, context, told, signal);
    if (proofs.every(({ held }) => held)) return hookCodes.stop;
    context.terminal.err(
      proofMarkdown(
        proofs,
        change.base,
        change.changes.map(({ path }) => path),
      ),
    );
    return stop_hook_active ? hookCodes.broken : hookCodes.goOn;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.terminal.err(`The change could not be judged: ${reason}\n`);
    return hookCodes.broken;
  } finally {
    interruption.stop();
  }
};
