import { PassThrough } from "node:stream";
import { createConnection, ProposedFeatures } from "vscode-languageserver";
import {
  createProtocolConnection,
  type Diagnostic,
  type InitializeParams,
  type InitializeResult,
  type MessageReader,
  type MessageWriter,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { URI } from "vscode-uri";
import type { z } from "zod";
import type { EditorOptions } from "../../schemas/editor.ts";
import { startLanguageServer } from "../../server/surfaces/lsp/server.ts";
import type { LanguageServerContext } from "../../server/surfaces/lsp/state.ts";

/** The editor's end of a connection to a language server. It behaves as an editor does. */
export interface TestEditor {
  connection: ProtocolConnection;
  initialize(params?: Partial<InitializeParams>): Promise<InitializeResult>;
  uri(path: string): string;
  open(path: string, text: string, languageId?: string): Promise<void>;
  /** Replaces the characters from `start` to `end`, each `[line, character]`. */
  edit(path: string, start: [number, number], end: [number, number], text: string): Promise<void>;
  save(path: string): Promise<void>;
  /** Resolves with the diagnostics of a file when they pass. Never resolves if they never do. */
  diagnostics(path: string, passes: (shown: Diagnostic[]) => boolean): Promise<Diagnostic[]>;
  /** The parameters of all received messages of this method. */
  received(method: string): unknown[];
  /** The next message of this method, which may have arrived already. */
  next(method: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Requests of a server that an editor answers without a result. */
const answered = [
  "window/workDoneProgress/create",
  "client/registerCapability",
  "workspace/codeLens/refresh",
];

export const testEditor = (
  root: string,
  reader: MessageReader,
  writer: MessageWriter,
  answers: Record<string, (params: unknown) => unknown> = {},
): TestEditor => {
  const connection = createProtocolConnection(reader, writer);
  const history = new Map<string, unknown[]>();
  const taken = new Map<string, number>();
  const waiting = new Set<() => void>();
  const versions = new Map<string, number>();
  const shown = new Map<string, Diagnostic[]>();
  const note = (method: string, params: unknown): void => {
    history.set(method, [...(history.get(method) ?? []), params]);
    for (const look of [...waiting]) look();
  };
  const when = <Value>(look: () => Value | null): Promise<Value> =>
    new Promise((resolve) => {
      const attempt = (): void => {
        const found = look();
        if (found === null) return;
        waiting.delete(attempt);
        resolve(found);
      };
      waiting.add(attempt);
      attempt();
    });

  for (const method of ["coditect/event", "window/showMessage", "$/progress"])
    connection.onNotification(method, (params: unknown) => {
      note(method, params);
    });
  connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
    shown.set(params.uri, params.diagnostics);
    note("textDocument/publishDiagnostics", params);
  });
  for (const method of [...answered, ...Object.keys(answers)])
    connection.onRequest(method, (params: unknown) => {
      note(method, params);
      return answers[method]?.(params) ?? null;
    });
  connection.listen();

  const uri = (path: string) => URI.file(`${root}/${path}`).toString();
  return {
    connection,
    uri,
    initialize: async (params = {}) => {
      const result: InitializeResult = await connection.sendRequest("initialize", {
        processId: null,
        rootUri: null,
        capabilities: { workspace: { workspaceFolders: true } },
        workspaceFolders: [{ uri: URI.file(root).toString(), name: "root" }],
        ...params,
      });
      await connection.sendNotification("initialized", {});
      return result;
    },
    open: (path, text, languageId = "typescript") => {
      versions.set(path, 1);
      return connection.sendNotification("textDocument/didOpen", {
        textDocument: { uri: uri(path), languageId, version: 1, text },
      });
    },
    edit: (path, [startLine, start], [endLine, end], text) => {
      const version = (versions.get(path) ?? 0) + 1;
      versions.set(path, version);
      return connection.sendNotification("textDocument/didChange", {
        textDocument: { uri: uri(path), version },
        contentChanges: [
          {
            range: {
              start: { line: startLine, character: start },
              end: { line: endLine, character: end },
            },
            text,
          },
        ],
      });
    },
    save: (path) => connection.sendNotification("textDocument/didSave", { textDocument: { uri: uri(path) } }),
    diagnostics: (path, passes) =>
      when(() => {
        const present = shown.get(uri(path));
        return present !== undefined && passes(present) ? present : null;
      }),
    received: (method) => history.get(method) ?? [],
    next: (method) =>
      when(() => {
        const index = taken.get(method) ?? 0;
        const all = history.get(method) ?? [];
        if (index >= all.length) return null;
        taken.set(method, index + 1);
        return all[index];
      }),
    close: async () => {
      await connection.sendRequest("shutdown");
      connection.end();
      connection.dispose();
    },
  };
};

export type Options = z.input<typeof EditorOptions>;

/** An editor and a language server in one process, connected by streams in memory. */
export const editorOn = (
  root: string,
  open: LanguageServerContext["open"],
  answers: Record<string, (params: unknown) => unknown> = {},
): TestEditor => {
  const [toServer, toEditor] = [new PassThrough(), new PassThrough()];
  const connection = createConnection(
    (logger) =>
      createProtocolConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toEditor), logger),
    { shutdownReceived: false, initialize: () => undefined, exit: () => undefined },
    ProposedFeatures.all,
  );
  startLanguageServer({ connection, open, version: "1.2.3", log: () => undefined });
  return testEditor(root, new StreamMessageReader(toEditor), new StreamMessageWriter(toServer), answers);
};
