import * as vscode from "vscode";
import { Alerts } from "./alerts.ts";
import { registerChat } from "./chat/participant.ts";
import { registerTools } from "./chat/tools.ts";
import { registerCommands } from "./commands/register.ts";
import { createConsent } from "./consent.ts";
import type { Context } from "./context.ts";
import { setContext } from "./context-keys.ts";
import { createCredentials } from "./credentials.ts";
import { foldersWithState } from "./folders.ts";
import { registerMcpServer } from "./mcp-server.ts";
import { notifyOfRuns } from "./notify.ts";
import { registerQuickFixes } from "./quick-fixes.ts";
import { Review } from "./review/review.ts";
import type { RuntimeClient } from "./runtime/api.ts";
import { createRuntimeClient } from "./runtime/create-client.ts";
import { holdsFromNextStart, setting } from "./settings.ts";
import { Sidebar } from "./sidebar.ts";
import { createStatusItem } from "./status.ts";
import { TeamServer } from "./team-server.ts";
import { Transcripts } from "./transcript/transcripts.ts";
import { sayInformation } from "./say.ts";

/** The API for other extensions: the typed contract, and the runtime's events. */
export interface ExtensionApi {
  readonly runtime: RuntimeClient;
  /** The handler of `@coditect` in chat. */
  readonly participant: vscode.ChatParticipant;
}

/** Connects the parts. Loads the runtime and everything large only when it is needed. */
export const activate = (extension: vscode.ExtensionContext): ExtensionApi => {
  const log = vscode.window.createOutputChannel("CODITECT", { log: true });
  const credentials = createCredentials(extension.secrets);
  const teamServer = new TeamServer(extension);
  const runtime = createRuntimeClient({ extension, log, onFolder: credentials.handOver, teamServer });
  const sidebar = new Sidebar(runtime, log, extension.storageUri);
  const review = new Review(runtime, sidebar, extension.workspaceState);
  const transcripts = new Transcripts(runtime, sidebar);
  const alerts = new Alerts({ runtime, log, storage: extension.storageUri });
  const withConsent = createConsent(runtime);
  const context: Context = {
    extension,
    log,
    runtime,
    sidebar,
    review,
    alerts,
    transcripts,
    credentials,
    teamServer,
    withConsent,
  };
  const participant = registerChat(context);
  extension.subscriptions.push(
    log,
    runtime,
    sidebar,
    review,
    alerts,
    transcripts,
    createStatusItem(runtime, sidebar),
    notifyOfRuns(context),
    participant,
    registerTools(context),
    registerMcpServer(extension),
    registerQuickFixes(),
    ...registerCommands(context),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      void startWhereAgentsWorked(context);
    }),
    sidebar.runs.onDidChangeVisibility(({ visible }) => {
      if (visible) void startWhereAgentsWorked(context);
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      showChoices();
      if (runtime.state.kind !== "stopped" && holdsFromNextStart(change)) void offerRestart();
    }),
  );
  showChoices();
  void startWhereAgentsWorked(context);
  return { runtime, participant };
};

/** Tells the user when a setting that they have just changed takes effect. */
const offerRestart = async (): Promise<void> => {
  const restart = vscode.l10n.t("Restart Runtime");
  const message = vscode.l10n.t(
    "This setting takes effect when the runtime restarts. Active runs continue after the restart.",
  );
  if ((await sayInformation(message, restart)) === restart)
    await vscode.commands.executeCommand("coditect.restartRuntime");
};

/** The context keys of the walkthrough and menus. */
const showChoices = (): void => {
  setContext("coditect.modelChosen", setting("model.provider") !== "agent");
  const folders = vscode.workspace.workspaceFolders ?? [];
  setContext(
    "coditect.sample",
    folders.some(({ uri }) => uri.path.endsWith("/split-the-bill")),
  );
};

/** Shows findings and interrupted runs of earlier sessions without a command. */
const startWhereAgentsWorked = async ({ runtime, extension, teamServer }: Context): Promise<void> => {
  if (runtime.state.kind !== "stopped") return;
  const hasWorked = teamServer.isChosen || (await foldersWithState(extension.storageUri)).length > 0;
  if (vscode.workspace.isTrusted && hasWorked) await runtime.start().catch(() => undefined); // The status item says it.
};
