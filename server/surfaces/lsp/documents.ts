import { join } from "node:path";
import { type Connection, TextDocuments } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { URI } from "vscode-uri";
import type { Overlay } from "../../../schemas/run.ts";
import { decodeText } from "../../workspace/encoding.ts";
import { readIfPossible } from "../../workspace/open.ts";
import type { Folder, Folders } from "./folders.ts";
import type { Edit } from "./locate.ts";

/** The open documents of an editor, including unsaved text. */
export interface Documents {
  get(uri: string): TextDocument | undefined;
  /** The text of a file in a folder: from the editor if it is open, otherwise from the disk. */
  text(folder: Folder, path: string): Promise<string | null>;
  /** The URI under which the editor opened a file. */
  uri(folder: Folder, path: string): string;
  /** Unsaved texts, also of files that agents may not see. */
  unsaved(folder: Folder): Promise<Overlay[]>;
  onOpened(listener: (uri: string) => void): void;
  onChanged(listener: (uri: string) => void): void;
  onSaved(listener: (uri: string) => void): void;
  onClosed(listener: (uri: string) => void): void;
}

const diskText = async (folder: Folder, path: string): Promise<string | null> => {
  const bytes = await Promise.resolve(readIfPossible(folder.root, path));
  return bytes === null ? null : (decodeText(bytes)?.text ?? null);
};

export const createDocuments = (
  connection: Connection,
  folders: Folders,
  edited: (uri: string, edits: readonly Edit[]) => void,
): Documents => {
  const documents = new TextDocuments({
    create: (...opened: Parameters<typeof TextDocument.create>) => TextDocument.create(...opened),
    update: (document: TextDocument, changes, version) => {
      edited(
        document.uri,
        changes.flatMap((change) => ("range" in change ? [{ range: change.range, text: change.text }] : [])),
      );
      return TextDocument.update(document, changes, version);
    },
  });
  documents.listen(connection);

  const openIn = (folder: Folder): { path: string; document: TextDocument }[] =>
    documents.all().flatMap((document) => {
      const place = folders.locate(document.uri);
      return place?.folder.uri === folder.uri ? [{ path: place.path, document }] : [];
    });
  const openDocument = (folder: Folder, path: string) =>
    openIn(folder).find((candidate) => candidate.path === path)?.document;

  return {
    get: (uri) => documents.get(uri),
    text: async (folder, path) => openDocument(folder, path)?.getText() ?? diskText(folder, path),
    uri: (folder, path) => openDocument(folder, path)?.uri ?? URI.file(join(folder.root, path)).toString(),
    unsaved: async (folder) => {
      const found: Overlay[] = [];
      for (const { path, document } of openIn(folder)) {
        const text = document.getText();
        if (text !== (await diskText(folder, path))) found.push({ path, text });
      }
      return found;
    },
    onOpened: (listener) => {
      documents.onDidOpen(({ document }) => {
        listener(document.uri);
      });
    },
    onChanged: (listener) => {
      documents.onDidChangeContent(({ document }) => {
        listener(document.uri);
      });
    },
    onSaved: (listener) => {
      documents.onDidSave(({ document }) => {
        listener(document.uri);
      });
    },
    onClosed: (listener) => {
      documents.onDidClose(({ document }) => {
        listener(document.uri);
      });
    },
  };
};
