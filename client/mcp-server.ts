import * as vscode from "vscode";
import { mcpProvider } from "./contributions.ts";
import { setting } from "./settings.ts";

/**
 * Offers the runtime to the editor's agents as an MCP server, one per folder. It starts when an agent first
 * uses it, and uses the editor's runtime. It finds that runtime through the folder's own state, so no server
 * is offered if the state is in the editor's storage.
 */
export const registerMcpServer = ({
  extensionPath,
  extension,
}: vscode.ExtensionContext): vscode.Disposable => {
  const changed = new vscode.EventEmitter<undefined>();
  const tell = (): void => {
    changed.fire(undefined);
  };
  const provider = vscode.lm.registerMcpServerDefinitionProvider(mcpProvider, {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: () => {
      if (setting("state.location") === "editor") return [];
      const version = String(Reflect.get(Object(extension.packageJSON), "version"));
      const program = vscode.Uri.joinPath(vscode.Uri.file(extensionPath), "dist", "cli.js").fsPath;
      const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
      return folders
        .filter(({ uri }) => uri.scheme === "file")
        .map(
          ({ name, uri }) =>
            new vscode.McpStdioServerDefinition(
              folders.length === 1 ? "CODITECT Agents" : `CODITECT Agents (${name})`,
              process.execPath,
              [program, "mcp", "--workspace", uri.fsPath],
              // The editor's own program, which can run as Node.
              { ELECTRON_RUN_AS_NODE: "1" },
              version,
            ),
        );
    },
  });
  return vscode.Disposable.from(
    provider,
    changed,
    vscode.workspace.onDidChangeWorkspaceFolders(tell),
    vscode.workspace.onDidGrantWorkspaceTrust(tell),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("coditect.state.location")) tell();
    }),
  );
};
