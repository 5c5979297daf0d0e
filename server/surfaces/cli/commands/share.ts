import { resolve } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { fetchPackage } from "../../../sharing/source.ts";
import type { CommandContext } from "../display/terminal.ts";
import { askPerson } from "../session/consent.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { writeOutputFile } from "../session/output-file.ts";
import { allPages, withConnection, type RecordFlags } from "./records.ts";

export type SharedKind = "agents" | "teams";

export interface ExportFlags extends RecordFlags {
  output?: string;
}

export interface ImportFlags extends RecordFlags {
  /** The SHA-256 of the package to import. */
  hash?: string;
}

/** The ID of the record with this ID or name. */
const idOf = async (connection: Connection, kind: SharedKind, name: string): Promise<string> => {
  const records =
    kind === "teams"
      ? (await allPages((cursor) => connection.call("teams/list", { cursor }))).map((team) => ({
          id: team.team_id,
          name: team.name,
        }))
      : (await allPages((cursor) => connection.call("agents/list", { cursor }))).map((agent) => ({
          id: agent.agent_id,
          name: agent.name,
        }));
  const record = records.find(({ id }) => id === name) ?? records.find((each) => each.name === name);
  if (record === undefined) throw fail("not_found", { kind: kind === "teams" ? "team" : "agent", id: name });
  return record.id;
};

/** `coditect agents|teams restore NAME`: discards the user's edits to a default. */
export const restoreDefault = (
  kind: SharedKind,
  name: string,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const id = await idOf(connection, kind, name);
    const restored =
      kind === "teams"
        ? await connection.call("teams/restore", { team_id: id })
        : await connection.call("agents/restore", { agent_id: id });
    if (flags.json === true) context.terminal.out(`${JSON.stringify(restored)}\n`);
    else context.terminal.out(`Restored ${restored.name}.\n`);
    return exitCodes.held;
  });

/** `coditect agents|teams export NAME`: writes one file, without data about this machine and its user. */
export const exportShared = (
  kind: SharedKind,
  name: string,
  flags: ExportFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const id = await idOf(connection, kind, name);
    const shared =
      kind === "teams"
        ? await connection.call("teams/export", { team_id: id })
        : await connection.call("agents/export", { agent_id: id });
    const text = `${JSON.stringify(shared, null, 2)}\n`;
    if (flags.output === undefined) context.terminal.out(text);
    else await writeOutputFile(resolve(context.currentFolder, flags.output), text);
    return exitCodes.held;
  });

const fetchInterruptibly = async (source: string, currentFolder: string): Promise<string> => {
  const interruption = catchInterruption();
  try {
    return (await fetchPackage(source, currentFolder, interruption.signal)).toString("utf8");
  } finally {
    interruption.stop();
  }
};

/**
 * `coditect agents|teams import SOURCE`: shows what a package may do, and writes it into `.coditect/` if a
 * person agrees or the hash is the expected one. Does not run anything in the package.
 */
export const importShared = async (
  source: string,
  flags: ImportFlags,
  context: CommandContext,
): Promise<number> => {
  const { terminal, currentFolder } = context;
  const text = await fetchInterruptibly(source, currentFolder);
  return withConnection(flags, context, async (connection) => {
    const { sha256, content, paths, preview } = await connection.call("packages/preview", { source, text });
    if (flags.hash !== undefined && flags.hash.toLowerCase() !== sha256)
      throw fail("hash_differs", { source, hash: sha256, expected: flags.hash });
    if (flags.json !== true) terminal.out(`${preview}\n`);
    const isWanted =
      flags.hash !== undefined ||
      (await askPerson("Import it? Nothing in it is executed.", { json: flags.json === true }, context));
    if (isWanted) await connection.call("packages/import", { source, text, sha256 });
    if (flags.json === true)
      terminal.out(`${JSON.stringify({ source, sha256, files: paths, imported: isWanted, content })}\n`);
    if (!isWanted) throw fail("import_unconfirmed", { source, hash: sha256 });
    if (flags.json !== true) terminal.out(`Imported ${paths.join(", ")}.\n`);
    return exitCodes.held;
  });
};
