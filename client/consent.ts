import * as vscode from "vscode";
import { toolConsentIn } from "../schemas/consents.ts";
import type { CoditectError, ErrorCode } from "../schemas/errors.ts";
import { isCatalogued } from "./errors.ts";
import type { RuntimeClient } from "./runtime/api.ts";
import { askModal, sayWarning } from "./say.ts";

/**
 * Starts work of agents in a folder (URI). If their commands would run without a sandbox, asks the user
 * first, once per workspace, and does nothing without consent. `who`: the agents whose commands these are.
 */
export type WithConsent = <Result>(
  folder: string,
  who: string,
  start: () => Promise<Result>,
) => Promise<Result>;

/** Errors that the user's consent resolves. */
const asked: ReadonlySet<ErrorCode> = new Set([
  "consent_needed",
  "configuration_unconfirmed",
  "team_unconfirmed",
  "hooks_unconfirmed",
  "exposure_unconfirmed",
  "mcp_files_unconfirmed",
  "mcp_tools_unconfirmed",
]);

export const createConsent = ({ call }: Pick<RuntimeClient, "call">): WithConsent => {
  /** By folder and question, so that two runs that start together ask only once. */
  const open = new Map<string, Promise<boolean>>();

  /** Modal, because the list may be long and the user must not agree without reading it. */
  const askForConfiguration = async (folder: string, { message, data }: CoditectError): Promise<boolean> => {
    const allow = vscode.l10n.t("Use It as It Is Now");
    const answer = await askModal(
      vscode.l10n.t("This workspace brings its own agents and teams."),
      message,
      allow,
    );
    if (answer !== allow) return false;
    await call("consents/set", { name: "configuration", of: String(data.hash), given: true }, folder);
    return true;
  };

  const askForTools = async (
    folder: string,
    { message }: CoditectError,
    consent: NonNullable<ReturnType<typeof toolConsentIn>>,
  ): Promise<boolean> => {
    const allow = vscode.l10n.t("Allow in This Workspace");
    const titles = {
      exposure: vscode.l10n.t("Someone else could make an agent act with your secrets."),
      mcp_files: vscode.l10n.t("Agents would use MCP servers from other tools' files."),
      mcp_tools: vscode.l10n.t("An MCP server has changed its tools."),
    };
    if ((await askModal(titles[consent.name], message, allow)) !== allow) return false;
    await call("consents/set", { ...consent, given: true }, folder);
    return true;
  };

  const ask = async (folder: string, who: string, error: CoditectError): Promise<boolean> => {
    const ofTools = toolConsentIn(error);
    if (ofTools !== null) return askForTools(folder, error, ofTools);
    if (error.code !== "consent_needed") return askForConfiguration(folder, error);
    const { message } = error;
    const allow = vscode.l10n.t("Allow in This Workspace");
    const settings = vscode.l10n.t("Open Settings");
    const text = vscode.l10n.t("{0} needs your approval. {1}", who, message);
    const answer = await sayWarning(text, allow, settings);
    if (answer === settings)
      await vscode.commands.executeCommand("workbench.action.openSettings", "coditect.run.unconfined");
    if (answer !== allow) return false;
    await call("consents/set", { name: "unconfined", given: true }, folder);
    return true;
  };

  const attempt = async <Result>(
    folder: string,
    who: string,
    start: () => Promise<Result>,
    already: ReadonlySet<string>,
  ): Promise<Result> => {
    try {
      return await start();
    } catch (error) {
      if (!isCatalogued(error) || !asked.has(error.code)) throw error;
      const key = `${error.code} ${String(error.data.hash)} ${folder}`;
      if (already.has(key)) throw error;
      const asking = open.get(key) ?? ask(folder, who, error).finally(() => open.delete(key));
      open.set(key, asking);
      if (!(await asking)) throw new vscode.CancellationError();
      return attempt(folder, who, start, new Set([...already, key]));
    }
  };

  return (folder, who, start) => attempt(folder, who, start, new Set());
};
