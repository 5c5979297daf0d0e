import { once } from "node:events";
import { version } from "../../../platform/installation.ts";
import { endpointFile } from "../../../hosting/endpoints.ts";
import { serveRuntime } from "../../../hosting/serve-runtime.ts";
import { serveRest } from "../../rest/rest.ts";
import { runtimeOptions } from "../session/connect.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { settingsOf } from "../session/options.ts";
import type { RecordFlags } from "./records.ts";
import { findWorkspace } from "../session/target.ts";
import type { CommandContext } from "../display/terminal.ts";

/** `coditect serve`: the runtime over REST, until it is interrupted. */
export const serve = async (
  flags: RecordFlags & { port?: number; set?: string[] },
  { environment, terminal, currentFolder }: CommandContext,
): Promise<number> => {
  const workspace = await findWorkspace(flags, currentFolder);
  const interruption = catchInterruption();
  const options = runtimeOptions(workspace, settingsOf(flags), environment);
  const runtime = await serveRuntime(options, {
    openSurface: serveRest,
    version: version(),
    port: flags.port ?? 0,
  });
  const { url } = runtime.endpoint;
  const file = endpointFile(options.stateFolder);
  if (flags.json === true)
    terminal.out(`${JSON.stringify({ url, endpoint_file: file, pid: process.pid })}\n`);
  else terminal.out(`Serving ${workspace} at ${url}\nThe bearer token is in ${file}\n`);
  try {
    if (!interruption.signal.aborted) await once(interruption.signal, "abort");
  } finally {
    await runtime.close();
    interruption.stop();
  }
  return exitCodes.cancelled;
};
