import { resolve } from "node:path";
import type { AIProvider } from "../../../../schemas/agent.ts";
import { fail } from "../../../../schemas/errors.ts";
import { loginOf } from "../../../../schemas/logins.ts";
import type { Connection } from "../../../hosting/connection.ts";
import type { CommandContext } from "../display/terminal.ts";
import { allowFiles } from "./allowed-files.ts";
import { prepareReport } from "./output-file.ts";
import { connect } from "./connect.ts";
import { catchInterruption, type Interruption } from "./interruption.ts";
import { chosenProvider, type RunFlags, settingsOf } from "./options.ts";
import { unconfinedOf } from "./consent.ts";
import { isForksChange } from "./untrusted.ts";

/** A runtime that is ready to run teams with the options of the flags. */
export interface RuntimeForRuns {
  connection: Connection;
  /** The provider of all agents, or the chosen rehearsal. Null if each agent has its own. */
  provider: AIProvider | null;
  close(): Promise<void>;
}

/** Opens the runtime of a workspace, and the rehearsal if the flags ask for it. */
export const openForRuns = async (
  workspace: string,
  flags: RunFlags,
  context: CommandContext,
  signal: AbortSignal,
): Promise<RuntimeForRuns> => {
  const { environment } = context;
  const rehearsal = flags.provider === "rehearsal" ? await startRehearsal() : null;
  const untrusted = flags.untrusted ?? isForksChange(environment);
  // Untrusted code runs only in a sandbox, and lessons are not learned from it.
  const strict = untrusted ? ({ untrusted, lessons: false, unconfined: "refuse" } as const) : {};
  const asked = { ...settingsOf(flags), ...strict };
  const guessed = { unconfined: unconfinedOf(flags) };
  try {
    const connection = await connect(workspace, asked, environment, signal, guessed);
    const close = async (): Promise<void> => {
      await connection.close();
      await rehearsal?.close();
    };
    try {
      if (connection.isAttached) refuseAddress(flags);
      if (connection.isAttached && untrusted)
        throw fail("usage", {
          problem: "--untrusted needs its own runtime, but another process has the state folder.",
        });
      return { connection, provider: rehearsal?.provider ?? chosenProvider(flags, environment), close };
    } catch (error) {
      await connection.close();
      throw error;
    }
  } catch (error) {
    await rehearsal?.close();
    throw error;
  }
};

/** Opens what a command needs for a run, and closes it when the command ends. */
export const withRuntime = async (
  { workspace }: { workspace: string },
  flags: RunFlags,
  context: CommandContext,
  use: (open: RuntimeForRuns & { interruption: Interruption }) => Promise<number>,
): Promise<number> => {
  if (flags.output !== undefined) await prepareReport(resolve(context.currentFolder, flags.output));
  const interruption = catchInterruption();
  try {
    const runtime = await openForRuns(workspace, flags, context, interruption.signal);
    try {
      await allowFiles(runtime.connection, workspace, flags);
      return await use({ ...runtime, interruption });
    } finally {
      await runtime.close();
    }
  } finally {
    interruption.stop();
  }
};

/** An Ollama address is part of the run. Logins and the addresses of the other providers belong to the runtime. */
const refuseAddress = ({ provider, endpoint }: RunFlags): void => {
  if (endpoint === undefined || (provider === "ollama" && loginOf(endpoint) === null)) return;
  throw fail("usage", {
    problem: `--endpoint cannot be given for ${provider ?? "it"} while another process has the state folder.`,
  });
};

const startRehearsal = async () => {
  const { rehearsalProvider, startBuiltInRehearsal } = await import("../../../rehearsal/built-in.ts");
  const server = await startBuiltInRehearsal();
  return { provider: rehearsalProvider(server), close: () => server.close() };
};
