import * as vscode from "vscode";
import type { ErrorCode } from "../schemas/errors.ts";
import type { CommandId } from "./contributions.ts";

/** A button with an action for an error. */
export interface Way {
  title: string;
  command: CommandId;
  argument?: string;
}

const setKey: Way = { title: vscode.l10n.t("Set API Key…"), command: "coditect.setKey" };
const chooseModel: Way = { title: vscode.l10n.t("Choose Model…"), command: "coditect.chooseModel" };
const rehearse: Way = { title: vscode.l10n.t("Start Rehearsal"), command: "coditect.runRehearsal" };
const settings: Way = { title: vscode.l10n.t("Open Settings"), command: "coditect.openSettings" };
const showLog: Way = { title: vscode.l10n.t("Show Log"), command: "coditect.showLog" };
const signIn: Way = { title: vscode.l10n.t("Sign In…"), command: "coditect.signIn" };
const restart: Way = { title: vscode.l10n.t("Restart Runtime"), command: "coditect.restartRuntime" };

interface Help {
  ways: readonly Way[];
  /** Replaces the next step in the catalogue if it is about the command line. */
  nextStep?: string;
}

const noModel = vscode.l10n.t("Choose another model, or try the rehearsal, which needs none.");

const help: Partial<Record<ErrorCode, Help>> = {
  credential_missing: { ways: [setKey, chooseModel, rehearse], nextStep: noModel },
  credential_rejected: { ways: [setKey, chooseModel, rehearse], nextStep: "" },
  provider_unreachable: { ways: [chooseModel, rehearse], nextStep: noModel },
  provider_paused: { ways: [chooseModel, rehearse, showLog] },
  provider_quota: { ways: [chooseModel] },
  model_not_found: { ways: [chooseModel, rehearse], nextStep: noModel },
  model_not_allowed: { ways: [chooseModel, rehearse] },
  limit_reached: { ways: [settings] },
  timed_out: { ways: [settings] },
  sandbox_unavailable: { ways: [settings] },
  engine_unavailable: { ways: [settings, showLog] },
  runtime_unusable: { ways: [restart, showLog] },
  token_refused: { ways: [signIn] },
  server_unreachable: { ways: [restart, showLog] },
  state_read_only: { ways: [restart, showLog] },
  internal: { ways: [showLog] },
};

/** The actions for an error of the catalogue, with their texts in this editor. */
export const helpFor = (
  code: string,
  nextStep: string | null,
): { ways: readonly Way[]; nextStep: string } => {
  const found = Object.entries(help).find(([known]) => known === code)?.[1];
  return { ways: found?.ways ?? [], nextStep: found?.nextStep ?? nextStep ?? "" };
};
