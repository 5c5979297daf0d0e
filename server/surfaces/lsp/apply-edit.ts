import type { Connection, TextDocumentEdit, WorkspaceEdit } from "vscode-languageserver/node";
import { CreateFile, DeleteFile, RenameFile } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { ChangedFile } from "../../../schemas/changes.ts";
import type { ChangeContent } from "../../../schemas/contract.ts";
import { mergeThreeWay } from "../../workspace/three-way.ts";
import type { Caller } from "../../handlers/context.ts";
import { decodeText, fromFileContent } from "../../workspace/encoding.ts";
import type { Documents } from "./documents.ts";
import type { FolderRuntime } from "../../hosting/open-runtime.ts";
import type { Folder } from "./folders.ts";

type Change = NonNullable<WorkspaceEdit["documentChanges"]>[number];

const textOf = (content: ChangeContent["before"]): string | null =>
  content === null ? null : (decodeText(fromFileContent(content))?.text ?? null);

/** The text with the agents' change and the user's own edits. `null`: they overlap. */
const merged = (present: string, before: string | null, after: string): string | null => {
  if (present === before) return after;
  if (before === null) return present === after ? after : null;
  const [base, ours, theirs] = [before, present, after].map((text) => Buffer.from(text));
  if (!base || !ours || !theirs) return null;
  return mergeThreeWay(base, ours, theirs)?.toString() ?? null;
};

const replaceAll = (uri: string, version: number | null, present: string, text: string): TextDocumentEdit => {
  const document = TextDocument.create(uri, "", 0, present);
  const range = { start: { line: 0, character: 0 }, end: document.positionAt(present.length) };
  return { textDocument: { uri, version }, edits: [{ range, newText: text }] };
};

/** One file as edits of the editor. `null` if this would lose something. */
const fileEdit = async (
  folder: Folder,
  documents: Documents,
  file: ChangedFile,
  { before, after }: ChangeContent,
): Promise<Change[] | null> => {
  const uri = documents.uri(folder, file.path);
  const source = documents.uri(folder, file.old_path ?? file.path);
  const present = await documents.text(folder, file.old_path ?? file.path);
  const [old, fresh] = [textOf(before), textOf(after)];
  if (file.kind === "Deleted") return present === old ? [DeleteFile.create(uri)] : null;
  if (fresh === null) return null;
  if (file.kind === "Created")
    return present === null ? [CreateFile.create(uri), replaceAll(uri, null, "", fresh)] : null;
  const text = present === null ? null : merged(present, old, fresh);
  if (present === null || text === null) return null;
  const version = file.old_path === null ? (documents.get(uri)?.version ?? null) : null;
  const edit = replaceAll(uri, version, present, text);
  return file.old_path === null ? [edit] : [RenameFile.create(source, uri), edit];
};

/**
 * Applies a change set through the editor as one step that the user can undo, and records the accepted files.
 * Returns the files that were not changed, because the user's edits overlap or because they are not text.
 */
export const applyThroughEditor = async (
  connection: Connection,
  folder: Folder,
  runtime: FolderRuntime,
  documents: Documents,
  { task_id, caller, signal, label }: { task_id: string; caller: Caller; signal: AbortSignal; label: string },
): Promise<string[]> => {
  const request = { task_id, include_content: true };
  const { change_set, contents } = await runtime.dispatch("changes/get", request, caller, signal);
  const taken: string[] = [];
  const left: string[] = [];
  const documentChanges: Change[] = [];
  for (const file of change_set.files.filter(({ decision }) => decision === "Pending")) {
    const content = contents.find(({ path }) => path === file.path);
    const edits = content === undefined ? null : await fileEdit(folder, documents, file, content);
    (edits === null ? left : taken).push(file.path);
    documentChanges.push(...(edits ?? []));
  }
  if (taken.length === 0) return left;
  const { applied } = await connection.workspace.applyEdit({
    label,
    edit: { documentChanges },
  });
  if (!applied) return [...left, ...taken];
  const decided = { task_id, paths: taken, decision: "Accepted" } as const;
  await runtime.dispatch("changes/decide", decided, caller, signal);
  return left;
};
