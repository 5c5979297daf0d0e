import { resolve } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { SharedPackage } from "../../../../schemas/shared-package.ts";
import type { AgentConfig } from "../../../../schemas/agent.ts";
import type { AgentTeam } from "../../../../schemas/team.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { packageOfAgent, packageOfTeam } from "../../../sharing/export.ts";
import { installPackage } from "../../../sharing/install.ts";
import { previewOf } from "../../../sharing/preview.ts";
import { readPackage } from "../../../sharing/read-package.ts";
import { fetchPackage } from "../../../sharing/source.ts";
import type { CommandContext } from "../display/terminal.ts";
import { askPerson } from "../session/consent.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { writeOutputFile } from "../session/output-file.ts";
import { findWorkspace } from "../session/target.ts";
import { allPages, withConnection, type RecordFlags } from "./records.ts";

export type SharedKind = "agents" | "teams";

export interface ExportFlags extends RecordFlags {
  output?: string;
}

export interface ImportFlags extends RecordFlags {
  /** The SHA-256 of exactly the package that is to be imported. */
  hash?: string;
}

const agentNamed = async (connection: Connection, name: string): Promise<AgentConfig> => {
  const agents = await allPages((cursor) => connection.call("agents/list", { cursor }));
  const agent = agents.find(({ agent_id }) => agent_id === name) ?? agents.find((each) => each.name === name);
  if (agent === undefined) throw fail("not_found", { kind: "agent", id: name });
  return agent;
};

const teamPackage = async (connection: Connection, name: string): Promise<SharedPackage> => {
  const team = await teamNamed(connection, name);
  const ids = new Set(team.members.flatMap(({ agent_id }) => agent_id ?? []));
  const agents = await Promise.all([...ids].map((agent_id) => connection.call("agents/get", { agent_id })));
  return packageOfTeam(team, new Map(agents.map((agent) => [agent.agent_id, agent])));
};

const teamNamed = async (connection: Connection, name: string): Promise<AgentTeam> => {
  const teams = await allPages((cursor) => connection.call("teams/list", { cursor }));
  const team = teams.find(({ team_id }) => team_id === name) ?? teams.find((each) => each.name === name);
  if (team === undefined) throw fail("not_found", { kind: "team", id: name });
  return team;
};

/** `coditect agents|teams restore NAME`: discards the user's edits of a default. */
export const restoreDefault = (
  kind: SharedKind,
  name: string,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const restored =
      kind === "teams"
        ? await connection.call("teams/restore", { team_id: (await teamNamed(connection, name)).team_id })
        : await connection.call("agents/restore", {
            agent_id: (await agentNamed(connection, name)).agent_id,
          });
    if (flags.json === true) context.terminal.out(`${JSON.stringify(restored)}\n`);
    else context.terminal.out(`Restored ${restored.name}.\n`);
    return exitCodes.held;
  });

/** `coditect agents|teams export NAME`: one file, without what belongs to this machine and its user. */
export const exportShared = (
  kind: SharedKind,
  name: string,
  flags: ExportFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const shared =
      kind === "teams"
        ? await teamPackage(connection, name)
        : packageOfAgent(await agentNamed(connection, name));
    const text = `${JSON.stringify(shared, null, 2)}\n`;
    if (flags.output === undefined) context.terminal.out(text);
    else await writeOutputFile(resolve(context.currentFolder, flags.output), text);
    return exitCodes.held;
  });

const fetchInterruptibly = async (source: string, currentFolder: string): Promise<Buffer> => {
  const interruption = catchInterruption();
  try {
    return await fetchPackage(source, currentFolder, interruption.signal);
  } finally {
    interruption.stop();
  }
};

/**
 * `coditect agents|teams import SOURCE`: shows what a package may do, and writes it into `.coditect/` when
 * a person says so or the hash is the expected one. Nothing of the package runs.
 */
export const importShared = async (
  source: string,
  flags: ImportFlags,
  context: CommandContext,
): Promise<number> => {
  const { terminal, currentFolder } = context;
  const workspace = await findWorkspace(flags, currentFolder);
  const shared = readPackage(source, await fetchInterruptibly(source, currentFolder));
  const { sha256, content, files } = shared;
  const paths = files.map(({ path }) => path);
  if (flags.hash !== undefined && flags.hash.toLowerCase() !== sha256)
    throw fail("hash_differs", { source, hash: sha256, expected: flags.hash });
  if (flags.json !== true) terminal.out(`${previewOf(shared)}\n`);
  const isWanted =
    flags.hash !== undefined ||
    (await askPerson("Import it? Nothing in it is executed.", { json: flags.json === true }, context));
  if (flags.json === true)
    terminal.out(`${JSON.stringify({ source, sha256, files: paths, imported: isWanted, content })}\n`);
  if (!isWanted) throw fail("import_unconfirmed", { source, hash: sha256 });
  installPackage(workspace, source, shared, new Date().toISOString());
  if (flags.json !== true) terminal.out(`Imported ${paths.join(", ")}.\n`);
  return exitCodes.held;
};
