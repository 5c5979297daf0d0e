import { Console } from "node:console";
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { fail } from "../../../../schemas/errors.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import { version } from "../../../platform/installation.ts";
import { changeSince } from "../../../proof/git-change.ts";
import type { Prover } from "../../mcp/prove-tool.ts";
import { createMcpServer } from "../../mcp/server.ts";
import type { CommandContext } from "../display/terminal.ts";
import { proofMarkdown } from "../display/proof-report.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { openForRuns, type RuntimeForRuns } from "../session/open-for-runs.ts";
import { parseRunFlags, runOptionsOf, type RunFlags } from "../session/options.ts";
import { proofLine, proveWithFlags } from "./proving.ts";
import { findWorkspace } from "../session/target.ts";

const proverOf =
  (workspace: string, flags: RunFlags, context: CommandContext): Prover =>
  async (base, told, signal) => {
    const change = await changeSince(workspace, base, signal);
    const paths = change.changes.map(({ path }) => path);
    if (paths.length === 0) throw fail("usage", { problem: `Nothing differs from ${base}.` });
    const notices: string[] = [];
    const tell = {
      proven: (proof: GateProof) => {
        told(proofLine(proof));
      },
      notice: (message: string) => notices.push(message),
    };
    const { proofs } = await proveWithFlags(change, workspace, flags, context, tell, signal);
    return [...notices, proofMarkdown(proofs, change.base, paths)].join("\n\n");
  };

/**
 * `coditect mcp`: an MCP server on standard input and output, until the client closes it. The first tool call
 * opens the runtime, so a client that only lists tools starts nothing.
 */
export const serveMcp = async (flagsAsGiven: unknown, context: CommandContext): Promise<number> => {
  const flags = parseRunFlags(flagsAsGiven);
  const workspace = await findWorkspace(flags, context.currentFolder);
  // Standard output is for the protocol, so the output of libraries must not go there.
  globalThis.console = new Console(process.stderr, process.stderr);
  const interruption = catchInterruption();
  let opening: Promise<RuntimeForRuns> | undefined;
  const open = (): Promise<RuntimeForRuns> => {
    opening ??= openForRuns(workspace, flags, context, interruption.signal).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const openSession = async () => {
    const { connection, provider } = await open();
    return { connection, runOptions: runOptionsOf(flags, provider) };
  };
  const prove = proverOf(workspace, flags, context);
  const transport = new StdioServerTransport();
  const served = serveStdio(() => createMcpServer(openSession, version(), prove), { transport });
  const ended = transport.onclose;
  const closed = new Promise<void>((resolve) => {
    transport.onclose = () => {
      ended?.();
      resolve();
    };
    interruption.signal.addEventListener("abort", () => void served.close(), { once: true });
  });
  try {
    await closed;
  } finally {
    await (await opening?.catch(() => undefined))?.close();
    interruption.stop();
  }
  return interruption.signal.aborted ? exitCodes.cancelled : exitCodes.held;
};
