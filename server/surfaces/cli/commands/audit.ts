import { join, resolve } from "node:path";
import type { AuditEntry } from "../../../../schemas/audit.ts";
import { fail } from "../../../../schemas/errors.ts";
import { AUDIT_FILE, type ChainState, checkChain } from "../../../access/audit-chain.ts";
import { ifThere, nodeFiles } from "../../../store/files.ts";
import { plural } from "../display/format.ts";
import { tableText } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";
import { stateFolderOf } from "../session/connect.ts";
import { exitCodes } from "../session/exit.ts";
import { findWorkspace } from "../session/target.ts";
import { type RecordFlags, withConnection } from "./records.ts";

const PAGE = 1000;

const line = ({ at, user, surface, from, method, record, result }: AuditEntry): string[] => [
  at.slice(0, 19).replace("T", " "),
  user,
  from === null ? surface : `${surface} ${from}`,
  method,
  Object.entries(record)
    .map(([name, value]) => `${name}=${value}`)
    .join(" "),
  result,
];

/** `coditect audit`: a table, or with `--json` every line of the log for an archive. */
export const listAudit = (flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    const shown: AuditEntry[] = [];
    // The log also records that it is read, so a page that is not full is the last one.
    for (let from = 0, isLast = false; !isLast;) {
      const { items, next } = await connection.call("audit/list", { from, limit: PAGE });
      isLast = items.length < PAGE;
      if (flags.json === true) terminal.out(items.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
      else shown.push(...items);
      from = next;
    }
    if (flags.json === true) return exitCodes.held;
    const head = ["AT (UTC)", "USER", "FROM", "METHOD", "RECORD", "RESULT"];
    terminal.out(
      shown.length === 0 ? "The audit log is empty.\n" : tableText(head, shown.map(line), terminal),
    );
    return exitCodes.held;
  });

/** What is wrong if the log of a workspace does not begin with an exported log; null: it does. */
const problemOfLater = async (flags: RecordFlags, folder: string, exported: ChainState) => {
  const state = stateFolderOf(await findWorkspace(flags, folder));
  const last = exported.count - 1;
  let isContinued = exported.count === 0;
  const { problem } = await checkChain(join(state, AUDIT_FILE), ({ seq, hash }) => {
    if (seq === last) isContinued = hash === exported.hash;
    return null;
  });
  if (problem !== null) return problem;
  return isContinued ? null : "The log of the workspace does not begin with these entries";
};

/**
 * `coditect audit verify FILE`: checks the hash chain of an exported log, and with `--workspace` whether the log there
 * still begins with it. Exit code 1 if not.
 */
export const verifyAudit = async (
  file: string,
  flags: RecordFlags,
  { terminal, currentFolder }: CommandContext,
): Promise<number> => {
  const path = resolve(currentFolder, file);
  if ((await ifThere(nodeFiles.stat(path))) === null)
    throw fail("usage", { problem: `There is no file ${file}.` });
  const chain = await checkChain(path);
  const { count } = chain;
  const later = chain.problem === null && flags.workspace !== undefined;
  const problem = later ? await problemOfLater(flags, currentFolder, chain) : chain.problem;
  terminal.out(problem === null ? `${plural(count, "entry", "entries")} verified\n` : `${problem}\n`);
  return problem === null ? exitCodes.held : exitCodes.gate;
};
