import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import type { ProofStatement } from "../../../../schemas/receipt.ts";
import { changeSince } from "../../../proof/git-change.ts";
import { readNote } from "../../../proof/git-note.ts";
import { differingFiles, readReceipt } from "../../../proof/receipt.ts";
import { readIfPossible } from "../../../workspace/open.ts";
import { type CommandContext, noticesOn } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { parseFlagsAs } from "../session/options.ts";
import { proofLine, ProveFlags, proveWithFlags, sha256 } from "./proving.ts";
import { findWorkspace } from "../session/target.ts";

/** The text of a receipt: of a file, or of a commit's note. */
const receiptText = async (
  source: string,
  { note }: ProveFlags,
  workspace: string,
  { currentFolder }: CommandContext,
): Promise<string> => {
  if (note) return readNote(workspace, source, AbortSignal.timeout(30_000));
  return readFile(resolve(currentFolder, source), "utf8").catch(() => {
    throw fail("file_not_found", { path: source, workspace: currentFolder });
  });
};

/**
 * `coditect verify RECEIPT`: checks the signature, and that the files are the proven ones. With `--rerun`, it
 * also proves the gates again. Exit code 0 if everything is valid, otherwise 1.
 */
export const verifyReceipt = async (
  source: string,
  flagsAsGiven: unknown,
  context: CommandContext,
): Promise<number> => {
  const { currentFolder, terminal } = context;
  const flags = parseFlagsAs(ProveFlags, flagsAsGiven);
  const workspace = await findWorkspace(flags, currentFolder);
  const read = readReceipt(await receiptText(source, flags, workspace, context));
  const tell = (held: boolean, problems: string[], key: string | null): number => {
    if (flags.json) terminal.out(`${JSON.stringify({ type: "receipt.verified", held, problems, key })}\n`);
    else
      terminal.out(
        held
          ? `✔ The receipt is genuine, and the files are the proven ones.\n  Signed with the key ${key ?? ""}.\n`
          : `✖ The receipt is not valid.\n${problems.map((problem) => `  ${problem}\n`).join("")}`,
      );
    return held ? exitCodes.held : exitCodes.gate;
  };
  if ("problem" in read) return tell(false, [read.problem], null);
  const { statement, key } = read;
  const { predicate } = statement;
  const problems = await differingFiles(statement, (path) => {
    const bytes = readIfPossible(workspace, path);
    return Promise.resolve(bytes === null ? null : sha256(bytes));
  });
  if (!predicate.held) problems.push("A gate of the receipt failed.");
  if (problems.length > 0 || !flags.rerun) return tell(problems.length === 0, problems, key);
  return tell(...(await rerun(predicate, workspace, flags, context)), key);
};

/** Proves the change of a receipt again, on the commit it was made on. */
const rerun = async (
  { change: proven, gates }: ProofStatement["predicate"],
  workspace: string,
  flags: ProveFlags,
  context: CommandContext,
): Promise<[held: boolean, problems: string[]]> => {
  const interruption = catchInterruption();
  try {
    const { signal } = interruption;
    const whole = await changeSince(workspace, proven.base ?? "HEAD", signal);
    const paths = new Set(proven.files.map(({ path }) => path));
    const others = whole.changes.filter(({ path }) => !paths.has(path));
    if (others.length > 0)
      return [
        false,
        others.map(({ path }) => `${path} was also changed, and the receipt does not cover it.`),
      ];
    const told = {
      proven: (proof: GateProof) => {
        if (!flags.json) context.terminal.err(`${proofLine(proof)}\n`);
      },
      notice: noticesOn(context.terminal),
    };
    const proofs = await proveWithFlags(whole, workspace, flags, context, told, signal);
    const problems = proofs.filter(({ held }) => !held).map(({ gate, reason }) => `${gate}: ${reason}`);
    const missing = gates.filter(({ gate }) => !proofs.some((proof) => proof.gate === gate));
    return [
      problems.length + missing.length === 0,
      [...problems, ...missing.map(({ gate }) => `${gate} was not proven again.`)],
    ];
  } finally {
    interruption.stop();
  }
};
