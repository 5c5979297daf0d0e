import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import type { ProofPlace, ProofStatement } from "../../../../schemas/receipt.ts";
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

/** The text of a receipt, from a file or from a commit's note. */
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

const genuine = (key: string, { sandboxed }: ProofPlace): string =>
  [
    "✔ The receipt is genuine, and the files are the proven ones.",
    `  Signed with the key ${key}.`,
    ...(sandboxed ? [] : ["  The tests ran without a sandbox, so they could change what judged them."]),
    "",
  ].join("\n");

const invalid = (problems: readonly string[]): string =>
  ["✖ The receipt is not valid.", ...problems.map((problem) => `  ${problem}`), ""].join("\n");

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
  const tell = (result: { problems: string[]; key: string | null; ran_in: ProofPlace | null }): number => {
    const { problems, key, ran_in } = result;
    const held = problems.length === 0;
    if (flags.json) terminal.out(`${JSON.stringify({ type: "receipt.verified", held, ...result })}\n`);
    else terminal.out(held && key !== null && ran_in !== null ? genuine(key, ran_in) : invalid(problems));
    return held ? exitCodes.held : exitCodes.gate;
  };
  if ("problem" in read) return tell({ problems: [read.problem], key: null, ran_in: null });
  const { statement, key } = read;
  const { predicate } = statement;
  const { ran_in } = predicate;
  const problems = await differingFiles(statement, (path) => {
    const bytes = readIfPossible(workspace, path);
    return Promise.resolve(bytes === null ? null : sha256(bytes));
  });
  if (!predicate.held) problems.push("A gate of the receipt failed.");
  if (problems.length === 0 && flags.rerun)
    problems.push(...(await rerun(predicate, workspace, flags, context)));
  return tell({ problems, key, ran_in });
};

/** Proves the change of a receipt again, on the commit it was made on. Resolves with what is different now. */
const rerun = async (
  { change: proven, gates }: ProofStatement["predicate"],
  workspace: string,
  flags: ProveFlags,
  context: CommandContext,
): Promise<string[]> => {
  const interruption = catchInterruption();
  try {
    const { signal } = interruption;
    const whole = await changeSince(workspace, proven.base ?? "HEAD", signal);
    const paths = new Set(proven.files.map(({ path }) => path));
    const others = whole.changes.filter(({ path }) => !paths.has(path));
    if (others.length > 0)
      return others.map(({ path }) => `${path} was also changed, and the receipt does not cover it.`);
    const told = {
      proven: (proof: GateProof) => {
        if (!flags.json) context.terminal.err(`${proofLine(proof)}\n`);
      },
      notice: noticesOn(context.terminal),
    };
    const { proofs } = await proveWithFlags(whole, workspace, flags, context, told, signal);
    const problems = proofs.filter(({ held }) => !held).map(({ gate, reason }) => `${gate}: ${reason}`);
    const missing = gates.filter(({ gate }) => !proofs.some((proof) => proof.gate === gate));
    return [...problems, ...missing.map(({ gate }) => `${gate} was not proven again.`)];
  } finally {
    interruption.stop();
  }
};
