import { resolve } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import { version } from "../../../platform/installation.ts";
import { changeSince, type GitChange } from "../../../proof/git-change.ts";
import { attachNote } from "../../../proof/git-note.ts";
import type { ProvenChange } from "../../../proof/prove-change.ts";
import { signReceipt, statementOf } from "../../../proof/receipt.ts";
import { signingKey } from "../../../proof/signing-key.ts";
import { proofMarkdown, proofSarif } from "../display/proof-report.ts";
import { type CommandContext, noticesOn } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { parseFlagsAs } from "../session/options.ts";
import { prepareReport, writeOutputFile } from "../session/output-file.ts";
import { filesOf, proofLine, ProveFlags, proveWithFlags } from "./proving.ts";
import { findWorkspace, textOrFile } from "../session/target.ts";
import { proveForHook } from "./prove-hook.ts";

/** Writes the signed receipt of a proof to a file or a note of the commit, as the flags say. */
const writeReceipt = async (
  { change, proven, workspace }: { change: GitChange; proven: ProvenChange; workspace: string },
  flags: ProveFlags,
  { currentFolder, environment }: CommandContext,
  signal: AbortSignal,
): Promise<void> => {
  if (flags.receipt === undefined && !flags.note) return;
  const statement = statementOf({
    task: flags.task === undefined ? null : await textOrFile(flags.task, currentFolder),
    base: change.base,
    files: filesOf(change),
    ...proven,
    tools: { coditect: version(), node: process.versions.node, platform: process.platform },
    proved_at: new Date().toISOString(),
  });
  const receipt = signReceipt(statement, await signingKey(environment));
  if (flags.receipt !== undefined) await writeOutputFile(resolve(currentFolder, flags.receipt), receipt);
  if (flags.note) await attachNote(workspace, receipt, signal);
};

/**
 * `coditect prove`: judges all changes in the workspace since a revision, whoever made them. Exit code 0 if
 * every gate passed, 1 if one failed.
 */
export const proveWorkspace = async (flagsAsGiven: unknown, context: CommandContext): Promise<number> => {
  const { currentFolder, terminal } = context;
  const flags = parseFlagsAs(ProveFlags, flagsAsGiven);
  const workspace = await findWorkspace(flags, currentFolder);
  if (flags.hook) {
    if (flags.receipt !== undefined || flags.note || flags.output !== undefined || flags.json)
      throw fail("usage", { problem: "Use --hook without --receipt, --note, --output and --json." });
    // A hook proves many changes, but a person has checked the mutants of only one.
    if (flags.equivalent.length > 0) throw fail("usage", { problem: "Use --hook without --equivalent." });
    return proveForHook(workspace, flags, context);
  }
  for (const path of [flags.output, flags.receipt])
    if (path !== undefined) await prepareReport(resolve(currentFolder, path));
  const interruption = catchInterruption();
  try {
    const { signal } = interruption;
    const change = await changeSince(workspace, flags.base, signal);
    if (change.changes.length === 0)
      throw fail("usage", { problem: `Nothing differs from ${flags.base}. Name another --base.` });
    if (flags.note && (await changeSince(workspace, "HEAD", signal)).changes.length > 0)
      throw fail("usage", { problem: "A note belongs to a commit. Commit the change first, then prove it." });
    const tell = (proof: GateProof): void => {
      if (flags.json) terminal.out(`${JSON.stringify({ type: "gate.proved", proof })}\n`);
      else terminal.err(`${proofLine(proof)}\n`);
    };
    const told = { proven: tell, notice: noticesOn(terminal) };
    const proven = await proveWithFlags(change, workspace, flags, context, told, signal);
    const { proofs, ran_in } = proven;
    const held = proofs.every((proof) => proof.held);
    const { base } = change;
    const files = filesOf(change);
    terminal.out(
      flags.json
        ? `${JSON.stringify({ type: "proof.finished", held, base, files, ran_in, proofs })}\n`
        : proofMarkdown(
            proofs,
            base,
            files.map(({ path }) => path),
          ),
    );
    // This comes last, so that a file that cannot be written affects nothing else.
    await writeReceipt({ change, proven, workspace }, flags, context, signal);
    if (flags.output !== undefined)
      await writeOutputFile(resolve(currentFolder, flags.output), proofSarif(proofs, version()));
    return held ? exitCodes.held : exitCodes.gate;
  } catch (error) {
    if (interruption.signal.aborted) return exitCodes.cancelled;
    throw error;
  } finally {
    interruption.stop();
  }
};
