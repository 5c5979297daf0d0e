import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { CommandContext } from "../display/terminal.ts";
import { isThere } from "../session/consent.ts";
import { exitCodes } from "../session/exit.ts";
import { chooseModel, chooseProvider, overviewOf, setUpProvider } from "../session/first-model.ts";
import { type RuntimeForRuns, withRuntime } from "../session/open-for-runs.ts";
import { parseRunFlags, providerByChoice, type RunFlags } from "../session/options.ts";
import type { Interruption } from "../session/interruption.ts";

/**
 * `coditect acp --setup`: what an editor that speaks ACP runs in a terminal when the user logs in. The user chooses
 * the model of all runs. With `--provider`, only its key is asked for. Errors: `usage`, `cancelled`, and those of the
 * provider.
 */
export const setUpAcp = async (flagsAsGiven: unknown, context: CommandContext): Promise<number> => {
  const flags = parseRunFlags(flagsAsGiven);
  // The editor may start it in any folder, and the choice is for all of them.
  const workspace = await mkdtemp(join(tmpdir(), "coditect-setup-"));
  try {
    return await withRuntime({ workspace }, flags, context, (runtime) => setUp(runtime, flags, context));
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
};

const setUp = async (
  { connection, interruption }: RuntimeForRuns & { interruption: Interruption },
  flags: RunFlags,
  context: CommandContext,
): Promise<number> => {
  const { provider } = flags;
  const say = (text: string): number => {
    context.terminal.out(`${text}\n`);
    return exitCodes.held;
  };
  if (provider === "rehearsal") return say("The rehearsal needs no key.");
  if (provider !== undefined) {
    const name = providerByChoice[provider];
    await chooseProvider(
      connection,
      await setUpProvider(await overviewOf(name, connection), connection, context),
    );
    return say(`Runs now ask ${name}.`);
  }
  if (!isThere(flags, context))
    throw fail("usage", { problem: "coditect acp --setup needs a terminal, or --provider." });
  const answer = await chooseModel(connection, context, interruption.signal);
  if (answer === null) throw fail("cancelled", { what: "The setup" });
  return say(
    answer === "rehearsal"
      ? "The rehearsal needs no key. Add --provider rehearsal to the command in your editor."
      : "The setup is complete. Go back to your editor.",
  );
};
