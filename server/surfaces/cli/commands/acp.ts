import { Console } from "node:console";
import { Readable, Writable } from "node:stream";
import { ndJsonStream } from "@agentclientprotocol/sdk";
import { version } from "../../../platform/installation.ts";
import { AcpAgent } from "../../acp/agent.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { openForRuns } from "../session/open-for-runs.ts";
import { parseRunFlags, runOptionsOf } from "../session/options.ts";

/** `coditect acp`: an ACP agent on standard input and output, until the client closes it. */
export const serveAcp = async (flagsAsGiven: unknown, context: CommandContext): Promise<number> => {
  const flags = parseRunFlags(flagsAsGiven);
  // Standard output is for the protocol, so the output of libraries must not go there.
  globalThis.console = new Console(process.stderr, process.stderr);
  const interruption = catchInterruption();
  const acp = new AcpAgent(async (workspace) => {
    const runtime = await openForRuns(workspace, flags, context, interruption.signal);
    const options = runOptionsOf(flags, runtime.provider);
    return { ...runtime, runOptions: { ...options, ask_permissions: true } };
  }, version());
  const connection = acp.app.connect(
    ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)),
  );
  interruption.signal.addEventListener(
    "abort",
    () => {
      connection.close();
    },
    { once: true },
  );
  try {
    await connection.closed;
  } finally {
    await acp.close();
    interruption.stop();
  }
  return interruption.signal.aborted ? exitCodes.cancelled : exitCodes.held;
};
