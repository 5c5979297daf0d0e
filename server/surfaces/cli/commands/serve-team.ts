import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { type ServedRuntime, serveRuntime } from "../../../hosting/serve-runtime.ts";
import { StoredWorkspaces } from "../../../hosting/user-workspace.ts";
import { version } from "../../../platform/installation.ts";
import type { Log } from "../../../platform/log.ts";
import { reasonOf } from "../../../store/files.ts";
import { serveRest } from "../../rest/rest.ts";
import { openTeamServer, type TeamServer, type TeamServerOptions } from "../../team/server.ts";
import type { CommandContext } from "../display/terminal.ts";
import { runtimeOptions } from "../session/connect.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { cliLog } from "../session/log.ts";
import { parseFlagsAs, settingsOf } from "../session/options.ts";
import { findWorkspace } from "../session/target.ts";
import { readTenant, tenantOptions } from "../session/tenants.ts";
import type { RecordFlags } from "./records.ts";

export interface ServeFlags extends RecordFlags {
  port?: number;
  set?: string[];
  /** HOST:PORT. Omitted: loopback. */
  listen?: string;
  tlsCert?: string;
  tlsKey?: string;
  tenant?: string[];
}

/**
 * The number of refused tokens before an address must wait. Nobody can guess 256 bits. This only keeps logs
 * short.
 */
const REFUSALS_PER_MINUTE = 20;

const Listen = z
  .string()
  .transform((text) => /^(?:\[([0-9a-fA-F:.]+)\]|([^:]*)):(\d{1,5})$/.exec(text))
  .refine((match) => match !== null && Number(match[3]) <= 65_535, "must be HOST:PORT, such as 0.0.0.0:8443")
  .transform((match) => ({ host: match?.[1] ?? match?.[2] ?? "", port: Number(match?.[3]) }));

const TeamFlags = z.object({
  listen: Listen,
  tlsCert: z.string("is needed with --listen"),
  tlsKey: z.string("is needed with --listen"),
  tenant: z.array(z.string()).default([]),
  rate: z.coerce.number().int().positive().max(1_000_000).default(600),
  maxBody: z.coerce.number().int().positive().max(256).default(16),
  keepWorkspaces: z.coerce.number().int().positive().max(36_500).default(90),
  drain: z.coerce.number().nonnegative().max(86_400).default(30),
  oidcIssuer: z.url({ protocol: /^https?$/ }).optional(),
  oidcAudience: z.string().min(1).optional(),
});
type TeamFlags = z.infer<typeof TeamFlags>;

const readTls = async ({ tlsCert, tlsKey }: TeamFlags, folder: string): Promise<TeamServerOptions["tls"]> => {
  const read = async (option: string, file: string): Promise<Buffer> => {
    try {
      return await readFile(resolve(folder, file));
    } catch (error) {
      throw fail("usage", { problem: `${option}: cannot read ${file}: ${reasonOf(error)}` });
    }
  };
  return { cert: await read("--tls-cert", tlsCert), key: await read("--tls-key", tlsKey) };
};

const identityProviderOf = ({ oidcIssuer, oidcAudience }: TeamFlags): Pick<TeamServerOptions, "oidc"> => {
  if (oidcIssuer === undefined && oidcAudience === undefined) return {};
  if (oidcIssuer === undefined || oidcAudience === undefined)
    throw fail("usage", { problem: "--oidc-issuer and --oidc-audience need each other." });
  const { protocol, hostname } = new URL(oidcIssuer);
  if (protocol === "http:" && !["127.0.0.1", "localhost"].includes(hostname))
    throw fail("usage", { problem: "--oidc-issuer must be an https address." });
  return { oidc: { issuer: oidcIssuer, audience: oidcAudience } };
};

interface Opened {
  name: string;
  workspace: string;
  runtime: ServedRuntime;
  stored: StoredWorkspaces;
}

/** Closes all at the same time. A failure does not keep the others open. Error: the first one. */
const closeAll = async (opened: readonly Opened[]): Promise<void> => {
  const results = await Promise.allSettled(opened.map(({ runtime }) => runtime.close()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
};

/** Opens one runtime for each tenant. If one cannot be opened, closes the previous ones. */
const openTenants = async (
  flags: ServeFlags,
  names: readonly string[],
  context: CommandContext,
  signal: AbortSignal,
): Promise<Opened[]> => {
  const { environment, currentFolder } = context;
  const opened: Opened[] = [];
  try {
    const settings = settingsOf(flags);
    const tenants =
      names.length === 0
        ? [{ name: "default", workspace: await findWorkspace(flags, currentFolder) }]
        : names.map((text) => readTenant(text, currentFolder));
    const twice = tenants.find(({ name }, index) => tenants.findIndex((one) => one.name === name) < index);
    if (twice !== undefined) throw fail("usage", { problem: `The tenant name ${twice.name} is used twice.` });
    for (const tenant of tenants) {
      const own =
        names.length === 0
          ? runtimeOptions(tenant.workspace, settings, environment)
          : tenantOptions(tenant, settings, environment);
      const runtime = await serveRuntime(own, { openSurface: serveRest, version: version() });
      const stored = new StoredWorkspaces({ tenant: own, shared: runtime });
      opened.push({ name: tenant.name, workspace: tenant.workspace, runtime, stored });
    }
    // What was used today counts from the first request on.
    for (const { stored } of opened) await stored.recall(Date.now(), cliLog(environment), signal);
    return opened;
  } catch (error) {
    // The user needs the first error.
    await closeAll(opened).catch(() => undefined);
    throw error;
  }
};

/** Loads a renewed certificate on SIGHUP. If it cannot be used, the previous one stays in use. */
const renewOnSignal = (server: TeamServer, flags: TeamFlags, { currentFolder, terminal }: CommandContext) => {
  const renew = (): void => {
    readTls(flags, currentFolder)
      .then((tls) => {
        server.renew(tls);
        terminal.err("Certificate reloaded.\n");
      })
      .catch((error: unknown) => {
        terminal.err(
          `Could not reload the certificate: ${reasonOf(error)}. The previous one is still in use.\n`,
        );
      });
  };
  process.on("SIGHUP", renew);
  return () => process.off("SIGHUP", renew);
};

const DAY_MS = 86_400_000;

/** Removes unused workspaces of users now and once a day. Returns a function that stops this. */
const removeUnused = (opened: readonly Opened[], days: number, log: Log): (() => void) => {
  const remove = async (): Promise<void> => {
    for (const { name, stored } of opened)
      try {
        const count = await stored.removeUnused(days, Date.now());
        if (count > 0) log("info", "Removed unused workspaces", { tenant: name, count });
      } catch (error) {
        log("error", "Unused workspaces could not be removed", { tenant: name, error: String(error) });
      }
  };
  void remove();
  const timer = setInterval(() => void remove(), DAY_MS).unref();
  return () => {
    clearInterval(timer);
  };
};

/** `coditect serve --listen`: serves the runtimes of a team's tenants over HTTPS until it is interrupted. */
export const serveTeam = async (flagsAsGiven: ServeFlags, context: CommandContext): Promise<number> => {
  const { environment, terminal } = context;
  const flags = parseFlagsAs(TeamFlags, flagsAsGiven);
  if (flagsAsGiven.port !== undefined)
    throw fail("usage", { problem: "--listen names the port. Leave --port out." });
  const tls = await readTls(flags, context.currentFolder);
  const oidc = identityProviderOf(flags);
  const interruption = catchInterruption({ graceSeconds: flags.drain + 10, hangsUp: false });
  const opened = await openTenants(flagsAsGiven, flags.tenant, context, interruption.signal);
  const log = cliLog(environment);
  const stopRemoving = removeUnused(opened, flags.keepWorkspaces, log);
  try {
    const server = await openTeamServer({
      tenants: opened.map(({ name, runtime, stored }) => ({
        ...{ name, ...runtime },
        openWorkspace: (user, workspaceId) => stored.open(user, workspaceId),
      })),
      listen: flags.listen,
      tls,
      ...oidc,
      version: version(),
      log,
      requestsPerMinute: flags.rate,
      refusalsPerMinute: REFUSALS_PER_MINUTE,
      bodyLimit: flags.maxBody * 1024 * 1024,
      now: () => new Date().toISOString(),
    }).catch((error: unknown) => {
      throw fail("usage", { problem: `The server cannot listen: ${reasonOf(error)}` }, { cause: error });
    });
    const stopRenewing = renewOnSignal(server, flags, context);
    const host = flags.listen.host.includes(":") ? `[${flags.listen.host}]` : flags.listen.host;
    const url = `https://${host}:${server.port}`;
    const tenants = opened.map(({ name, workspace }) => ({ name, workspace }));
    terminal.out(
      flagsAsGiven.json === true
        ? `${JSON.stringify({ url, pid: process.pid, tenants })}\n`
        : `Serving at ${url}\n${tenants.map(({ name, workspace }) => `  ${name}: ${workspace}\n`).join("")}`,
    );
    if (!interruption.signal.aborted) await once(interruption.signal, "abort");
    terminal.err(
      `Shutting down. Waiting up to ${flags.drain} s for running work. Press Ctrl+C again to stop now.\n`,
    );
    await server.drain(AbortSignal.timeout(flags.drain * 1000));
    stopRenewing();
  } finally {
    stopRemoving();
    await closeAll(opened);
    interruption.stop();
  }
  return exitCodes.cancelled;
};
