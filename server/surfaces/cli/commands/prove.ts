import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { version, workerEntry } from "../../../platform/installation.ts";
import { changeSince, type GitChange } from "../../../proof/git-change.ts";
import { proveChange } from "../../../proof/prove-change.ts";
import { differingFiles, readReceipt, signReceipt, statementOf } from "../../../proof/receipt.ts";
import { signingKey } from "../../../proof/signing-key.ts";
import { readIfPossible } from "../../../workspace/open.ts";
import { proofMarkdown, proofSarif } from "../display/proof-report.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { cliLog } from "../session/log.ts";
import { writeOutputFile } from "../session/output-file.ts";
import {
  guessedSettings,
  parseFlagsAs,
  RunFlags,
  settingsOf,
  type RunFlags as Flags,
} from "../session/options.ts";
import { findWorkspace, textOrFile } from "../session/target.ts";

const ProveFlags = RunFlags.extend({
  base: z
    .string()
    .regex(/^[\w@][\w./@{}~^-]*$/, "is not a revision of git")
    .default("HEAD"),
  receipt: z.string().min(1).optional(),
  rerun: z.boolean().default(false),
});

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The files of a change with their hashes before and after. */
const filesOf = ({ changes, inverse }: GitChange) =>
  changes.map(({ path, before }, index) => ({ path, before, after: inverse[index]?.before ?? null }));

const prove = async (
  change: GitChange,
  workspace: string,
  flags: Flags,
  context: CommandContext,
  signal: AbortSignal,
): Promise<GateProof[]> => {
  const { environment, terminal } = context;
  const settings = Settings.parse({ ...guessedSettings(environment), ...settingsOf(flags) });
  return proveChange(
    change,
    {
      workspace,
      settings: flags.unconfined === undefined ? settings : { ...settings, unconfined: flags.unconfined },
      worker: workerEntry(),
      log: cliLog(environment),
      runtime: flags.runtime === "docker" ? "Docker" : settings.runtime,
      image: flags.image ?? settings.image,
      test_command: flags.testCommand ?? null,
      proven: (proof) => {
        if (flags.json) terminal.out(`${JSON.stringify({ type: "gate.proved", proof })}\n`);
        else terminal.err(`${proof.held ? "✔" : "✖"} ${proof.gate.padEnd(10)} ${proof.reason}\n`);
      },
    },
    signal,
  );
};

/**
 * `coditect prove`: judges what changed in the workspace since a revision, whoever changed it. Exit
 * code 0 when every gate held, 1 when one did not.
 */
export const proveWorkspace = async (flagsAsGiven: unknown, context: CommandContext): Promise<number> => {
  const { environment, currentFolder, terminal } = context;
  const flags = parseFlagsAs(ProveFlags, flagsAsGiven);
  const workspace = await findWorkspace(flags, currentFolder);
  const interruption = catchInterruption();
  try {
    const { signal } = interruption;
    const change = await changeSince(workspace, flags.base, signal);
    if (change.changes.length === 0)
      throw fail("usage", { problem: `Nothing differs from ${flags.base}: name another --base.` });
    const proofs = await prove(change, workspace, flags, context, signal);
    const held = proofs.every((proof) => proof.held);
    const files = filesOf(change);
    if (flags.receipt !== undefined) {
      const statement = statementOf({
        task: flags.task === undefined ? null : await textOrFile(flags.task, currentFolder),
        base: change.base,
        files,
        proofs,
        tools: { coditect: version(), node: process.versions.node, platform: process.platform },
        proved_at: new Date().toISOString(),
      });
      await writeOutputFile(
        resolve(currentFolder, flags.receipt),
        signReceipt(statement, await signingKey(environment)),
      );
    }
    if (flags.output !== undefined)
      await writeOutputFile(resolve(currentFolder, flags.output), proofSarif(proofs, version()));
    const { base } = change;
    terminal.out(
      flags.json
        ? `${JSON.stringify({ type: "proof.finished", held, base, files, proofs })}\n`
        : proofMarkdown(
            proofs,
            base,
            files.map(({ path }) => path),
          ),
    );
    return held ? exitCodes.held : exitCodes.gate;
  } catch (error) {
    if (interruption.signal.aborted) return exitCodes.cancelled;
    throw error;
  } finally {
    interruption.stop();
  }
};

/**
 * `coditect verify RECEIPT`: checks the signature and that the files are those that were proven; with
 * `--rerun` the gates are proven again. Exit code 0 when all of it holds, 1 when something does not.
 */
export const verifyReceipt = async (
  file: string,
  flagsAsGiven: unknown,
  context: CommandContext,
): Promise<number> => {
  const { currentFolder, terminal } = context;
  const flags = parseFlagsAs(ProveFlags, flagsAsGiven);
  const workspace = await findWorkspace(flags, currentFolder);
  const text = await readFile(resolve(currentFolder, file), "utf8").catch(() => {
    throw fail("file_not_found", { path: file, workspace: currentFolder });
  });
  const read = readReceipt(text);
  const tell = (held: boolean, problems: string[], key: string | null): number => {
    if (flags.json) terminal.out(`${JSON.stringify({ type: "receipt.verified", held, problems, key })}\n`);
    else
      terminal.out(
        held
          ? `✔ The receipt is genuine and the files are those that were proven.\n  Signed with the key ${key ?? ""}.\n`
          : `✖ The receipt does not hold.\n${problems.map((problem) => `  ${problem}\n`).join("")}`,
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
  if (!predicate.held) problems.push("It says itself that a gate did not hold.");
  if (problems.length > 0 || !flags.rerun) return tell(problems.length === 0, problems, key);
  return tell(...(await rerun(predicate, workspace, flags, context)), key);
};

/** Proves the change of a receipt again, on the commit it was made on. */
const rerun = async (
  {
    change: proven,
    gates,
  }: Extract<ReturnType<typeof readReceipt>, { key: string }>["statement"]["predicate"],
  workspace: string,
  flags: Flags,
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
        others.map(({ path }) => `${path} was changed, too, and the receipt does not cover it.`),
      ];
    const proofs = await prove(whole, workspace, flags, context, signal);
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
