import * as vscode from "vscode";
import { registerChat } from "./chat/participant.ts";
import { registerTools } from "./chat/tools.ts";
import { registerCommands } from "./commands/register.ts";
import type { Context } from "./context.ts";
import { setContext } from "./context-keys.ts";
import { createCredentials } from "./credentials.ts";
import { foldersWithState } from "./folders.ts";
import { notifyOfRuns } from "./notify.ts";
import { createReview } from "./review/review.ts";
import { createRuntime, type Runtime } from "./runtime/runtime.ts";
import { setting } from "./settings.ts";
import { createSidebar } from "./sidebar.ts";
import { createStatusItem } from "./status.ts";
import { createTranscripts } from "./transcript/documents.ts";

/** What other extensions get: the contract, typed, and the runtime's events. */
export interface ExtensionApi {
  readonly runtime: Runtime;
}

/** Wires the parts together; the runtime and whatever is large wait until they are needed. */
export const activate = (extension: vscode.ExtensionContext): ExtensionApi => {
  const log = vscode.window.createOutputChannel("CODITECT", { log: true });
  const credentials = createCredentials(extension.secrets);
  const runtime = createRuntime({ extension, log, onFolder: credentials.handOver });
  const sidebar = createSidebar(runtime, log);
  const review = createReview(runtime, sidebar);
  const transcripts = createTranscripts(runtime, sidebar);
  const context: Context = { extension, log, runtime, sidebar, review, transcripts, credentials };
  extension.subscriptions.push(
    log,
    runtime,
    sidebar,
    review,
    transcripts,
    createStatusItem(runtime, sidebar),
    notifyOfRuns(context),
    registerChat(context),
    registerTools(context),
    ...registerCommands(context),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (runtime.state.kind !== "stopped") void runtime.restart().catch(() => undefined);
    }),
    vscode.workspace.onDidChangeConfiguration(showChoices),
  );
  showChoices();
  void startWhereAgentsWorked(() => runtime.start());
  return { runtime };
};

/** What the walkthrough and menus depend on. */
const showChoices = (): void => {
  setContext("coditect.modelChosen", setting("model.provider") !== "agent");
  const folders = vscode.workspace.workspaceFolders ?? [];
  setContext(
    "coditect.sample",
    folders.some(({ uri }) => uri.path.endsWith("/split-the-bill")),
  );
};

/** Findings and interrupted runs of earlier sessions are there again without a command. */
const startWhereAgentsWorked = async (start: () => Promise<void>): Promise<void> => {
  if ((await foldersWithState()).length > 0) await start().catch(() => undefined); // The status item says it.
};
