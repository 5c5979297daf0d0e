import { Console } from "node:console";
import { createConnection, ProposedFeatures } from "vscode-languageserver";
import {
  createProtocolConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageReader,
  type MessageWriter,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { openCredentialFile } from "../../gateway/credential-file.ts";
import { environmentCredentials, heldCredentials } from "../../gateway/credentials.ts";
import { keepDebuggerClosed } from "../../platform/debugger.ts";
import { version, workerEntry } from "../../platform/installation.ts";
import { editorModelsOver } from "./editor-models.ts";
import { editorPagesOver, editorSecretsOver } from "./editor-secrets.ts";
import { editorToolsOver } from "./editor-tools.ts";
import { startLanguageServer } from "./server.ts";
import type { Log } from "../../platform/log.ts";
import { openRuntime } from "../../hosting/open-runtime.ts";
import { serveRest } from "../rest/rest.ts";

/** The maximum time for a runtime to end after the editor has ended. */
const CLOSE_MILLISECONDS = 5000;

const log: Log = (level, message, data = {}) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...data })}\n`);
};

const openTransport = (args: readonly string[]): { reader: MessageReader; writer: MessageWriter } => {
  if (args.includes("--node-ipc"))
    return { reader: new IPCMessageReader(process), writer: new IPCMessageWriter(process) };
  // Standard output is for the protocol, so the output of libraries must not go there.
  globalThis.console = new Console(process.stderr, process.stderr);
  return { reader: new StreamMessageReader(process.stdin), writer: new StreamMessageWriter(process.stdout) };
};

/**
 * Runs this process as the language server over `--node-ipc` or standard input and output. It ends when the
 * editor says so or ends in any way, and ends every runtime and every instance.
 */
export const runLanguageServer = (args: readonly string[]): void => {
  keepDebuggerClosed();
  const { reader, writer } = openTransport(args);
  let ending = false;
  const end = (code: number): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(code), CLOSE_MILLISECONDS).unref();
    void server.close().finally(() => process.exit(code));
  };
  // The protocol's own watchdog ends the process immediately. This one closes the runtimes first.
  const watchDog = {
    shutdownReceived: false,
    initialize: () => undefined,
    exit: end,
  };
  const connection = createConnection(
    (logger) => createProtocolConnection(reader, writer, logger),
    watchDog,
    ProposedFeatures.all,
  );
  // One per process, not per runtime, because a folder's runtime can be opened again.
  const editorKeys = heldCredentials();
  const editorModels = editorModelsOver(connection);
  const editorTools = editorToolsOver(connection);
  // Nobody can enter the passphrase here. It must be in the keychain or the environment.
  const secrets = openCredentialFile(process.env, () => Promise.resolve(null));
  const keptByEditor = {
    secrets: editorSecretsOver(connection, secrets),
    openPage: editorPagesOver(connection),
  };
  const server = startLanguageServer({
    connection,
    version: version(),
    log,
    open: async (folder, stateFolder, options) => {
      const { settings, lends_models, lends_tools, keeps_secrets, server: team } = options;
      if (team !== null) {
        // Loaded when first used, because most windows work on this machine.
        const { openTeamRuntime } = await import("../../hosting/team-runtime.ts");
        return openTeamRuntime({ ...team, workspace: folder.root, keys: editorKeys, log });
      }
      return openRuntime(
        {
          workspace: folder.root,
          stateFolder,
          settings: settings.chosen,
          settingsFrom: "editor",
          workspaceSettings: settings.asked(folder.uri),
          guessedSettings: { unconfined: "ask" },
          credentials: environmentCredentials(process.env),
          ...(keeps_secrets ? keptByEditor : { secrets }),
          editorKeys,
          ...(lends_models && { editorModels }),
          ...(lends_tools && { editorTools }),
          worker: workerEntry(),
          log,
        },
        { openSurface: serveRest, version: version() },
      );
    },
  });

  // A defect must not end the runs of every folder.
  process.on("unhandledRejection", (reason) => {
    log("error", "An unhandled failure", { error: String(reason) });
  });
  const gone = (): void => {
    end(watchDog.shutdownReceived ? 0 : 1);
  };
  reader.onClose(gone);
  process.once("disconnect", gone);
  process.stdout.on("error", gone);
  process.once("SIGTERM", gone);
  process.once("SIGINT", gone);
};
