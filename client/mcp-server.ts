import * as vscode from "vscode";
import { mcpProvider } from "./contributions.ts";

/**
 * Offers the runtime to the editor's agents as an MCP server, one per folder. It starts when an agent
 * first uses it, and works with the runtime of the editor.
 */
export const registerMcpServer = ({ extensionPath, extension }: vscode.ExtensionContext): vscode.Disposable =>
  vscode.lm.registerMcpServerDefinitionProvider(mcpProvider, {
    provideMcpServerDefinitions: () => {
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
              // The editor's own program, as Node.
              { ELECTRON_RUN_AS_NODE: "1" },
              version,
            ),
        );
    },
  });
