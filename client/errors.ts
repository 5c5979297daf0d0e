import * as vscode from "vscode";
import type { CoditectError, ErrorCode } from "../schemas/errors.ts";
import type { CommandId } from "./contributions.ts";
import { sayError } from "./say.ts";

interface Way {
  title: string;
  command: CommandId;
}

/** Puts an error before the user, with what they can do about it one click away. */
export const showError = async (error: unknown, log: vscode.LogOutputChannel): Promise<void> => {
  if (error instanceof vscode.CancellationError) return;
  if (!isCatalogued(error)) {
    log.error("A command failed", error);
    await offer(vscode.l10n.t("CODITECT could not do that: {0}", String(error)), waysOut.internal ?? []);
    return;
  }
  log.warn(error.message, { code: error.code });
  if (error.code === "cancelled") return;
  const text = error.nextStep === null ? error.message : `${error.message} ${error.nextStep}`;
  await offer(text, waysOut[error.code] ?? []);
};

/** Told by its name: the class itself would bring the schemas' code along at activation. */
export const isCatalogued = (error: unknown): error is CoditectError =>
  error instanceof Error && error.name === "CoditectError";

const offer = async (text: string, ways: readonly Way[]): Promise<void> => {
  const chosen = await sayError(text, ...ways.map(({ title }) => title));
  const way = ways.find(({ title }) => title === chosen);
  if (way !== undefined) await vscode.commands.executeCommand(way.command);
};

const setKey: Way = { title: vscode.l10n.t("Set API Key…"), command: "coditect.setKey" };
const chooseModel: Way = { title: vscode.l10n.t("Choose Model…"), command: "coditect.chooseModel" };
const showLog: Way = { title: vscode.l10n.t("Show Log"), command: "coditect.showLog" };
const restart: Way = { title: vscode.l10n.t("Restart Runtime"), command: "coditect.restartRuntime" };

const waysOut: Partial<Record<ErrorCode, readonly Way[]>> = {
  credential_missing: [setKey, chooseModel],
  credential_rejected: [setKey, chooseModel],
  provider_unreachable: [chooseModel, showLog],
  provider_paused: [chooseModel, showLog],
  provider_quota: [chooseModel],
  model_not_found: [chooseModel],
  runtime_unusable: [restart, showLog],
  state_read_only: [restart, showLog],
  internal: [showLog],
};
