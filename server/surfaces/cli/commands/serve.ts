import { once } from "node:events";
import { fail } from "../../../../schemas/errors.ts";
import { version } from "../../../platform/installation.ts";
import { endpointFile } from "../../../hosting/endpoints.ts";
import { serveRuntime } from "../../../hosting/serve-runtime.ts";
import { serveRest } from "../../rest/rest.ts";
import { runtimeOptions } from "../session/connect.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { settingsOf } from "../session/options.ts";
import type { ServeFlags } from "./serve-team.ts";
import { findWorkspace } from "../session/target.ts";
import type { CommandContext } from "../display/terminal.ts";

/** Flags that have no effect without `--listen`. */
const ofListen = {
  tlsCert: "--tls-cert",
  tlsKey: "--tls-key",
  tenant: "--tenant",
  rate: "--rate",
  maxBody: "--max-body",
  keepWorkspaces: "--keep-workspaces",
  drain: "--drain",
  oidcIssuer: "--oidc-issuer",
  oidcAudience: "--oidc-audience",
} as const;

/** `coditect serve`: serves the runtime over REST on loopback, or for a team, until it is interrupted. */
export const serve = async (flags: ServeFlags, context: CommandContext): Promise<number> => {
  const { environment, terminal, currentFolder } = context;
  if (flags.listen !== undefined) {
    const { serveTeam } = await import("./serve-team.ts");
    return serveTeam(flags, context);
  }
  const given = new Set(Object.keys(flags));
  const unused = Object.entries(ofListen).flatMap(([name, flag]) => (given.has(name) ? [flag] : []));
  if (unused.length > 0)
    throw fail("usage", { problem: `Use --listen HOST:PORT with ${unused.join(", ")}.` });
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
