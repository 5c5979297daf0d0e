import { resolve } from "node:path";
import type { AuditEntry } from "../../../../schemas/audit.ts";
import { fail } from "../../../../schemas/errors.ts";
import { checkChain } from "../../../access/audit-chain.ts";
import { ifThere, nodeFiles } from "../../../store/files.ts";
import { plural } from "../display/format.ts";
import { tableText } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
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

/** `coditect audit verify FILE`: checks the hash chain of an exported log. Exit code 1 if it is broken. */
export const verifyAudit = async (
  file: string,
  { terminal, currentFolder }: CommandContext,
): Promise<number> => {
  const path = resolve(currentFolder, file);
  if ((await ifThere(nodeFiles.stat(path))) === null)
    throw fail("usage", { problem: `There is no file ${file}.` });
  const { count, problem } = await checkChain(path);
  terminal.out(problem === null ? `${plural(count, "entry", "entries")} verified\n` : `${problem}\n`);
  return problem === null ? exitCodes.held : exitCodes.gate;
};
