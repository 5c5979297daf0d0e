import * as vscode from "vscode";
import { z } from "zod";
import {
  LONGEST_PROBLEM,
  LONGEST_SYMBOL,
  MOST_PLACES,
  MOST_PROBLEMS,
  MOST_SYMBOLS,
  type EditorContext,
  type EditorProblem,
  moreImportantFor,
  severities,
  type SymbolPlace,
} from "../schemas/editor-context.ts";
import { WorkspacePath } from "../schemas/primitives.ts";
import { folderOf, pathInFolder } from "./folders.ts";
import { describeProblem } from "./quick-fixes.ts";

/** Milliseconds that the start of a run waits for the language servers. */
const PATIENCE_MS = 1000;

/** The maximum numbers of questions to language servers for one file. */
const MOST_WORDS = 150;
const MOST_DEFINED = 40;

/** The number of questions asked at the same time. Most language servers answer one after the other. */
const AT_ONCE = 2;

/** Names of most languages. */
const word = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

/** A running search for what the editor's language servers know about a file. */
export interface LanguageContext {
  /** Waits for the search for at most a second, ends it, and returns what it found. */
  found(): Promise<EditorContext>;
  /** Ends the search. */
  stop(): void;
}

/** Files with the symbols that were found in them. */
class Places {
  readonly #symbols = new Map<string, Set<string>>();

  add(path: string, symbol: string): void {
    const symbols = this.#symbols.get(path) ?? new Set();
    if (symbols.size < MOST_SYMBOLS) symbols.add(symbol.slice(0, LONGEST_SYMBOL));
    this.#symbols.set(path, symbols);
  }

  /** The files with the most symbols first. */
  list(): SymbolPlace[] {
    return [...this.#symbols]
      .map(([path, symbols]) => ({ path, symbols: [...symbols] }))
      .sort((one, other) => other.symbols.length - one.symbols.length)
      .slice(0, MOST_PLACES);
  }
}

/**
 * Asks the editor's language servers about a file: where the symbols that it uses are defined, and which files
 * use those that it defines. Without a file, it only collects the problems of the folder.
 */
export const askLanguageServers = (folder: vscode.WorkspaceFolder, file: string | null): LanguageContext => {
  const stopped = new AbortController();
  const definitions = new Places();
  const references = new Places();
  const uri = file === null ? null : vscode.Uri.joinPath(folder.uri, ...file.split("/"));
  const search =
    uri === null ? Promise.resolve() : searchFile(folder, uri, definitions, references, stopped.signal);
  // If the file cannot be opened, the run starts without answers.
  const ended = search.catch(() => undefined);
  return {
    found: async () => {
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => {
        late.resolve(undefined);
      }, PATIENCE_MS);
      await Promise.race([ended, late.promise]);
      clearTimeout(timer);
      stopped.abort();
      const places = { definitions: definitions.list(), references: references.list() };
      return { ...places, problems: problemsOf(folder, file, places) };
    },
    stop: () => {
      stopped.abort();
    },
  };
};

const searchFile = async (
  folder: vscode.WorkspaceFolder,
  uri: vscode.Uri,
  definitions: Places,
  references: Places,
  signal: AbortSignal,
): Promise<void> => {
  const document = await vscode.workspace.openTextDocument(uri);
  const search = async (command: string, at: Named, into: Places): Promise<void> => {
    const found = await ask(command, uri, at.position);
    if (signal.aborted) return;
    for (const target of found.flatMap(targetOf)) {
      const path = pathFor(folder, target);
      if (path !== null && target.toString() !== uri.toString()) into.add(path, at.name);
    }
  };
  const searchAll = (command: string, all: readonly Named[], into: Places): Promise<void> =>
    inTurns(all, (at) => search(command, at, into), signal);
  await Promise.all([
    searchAll("vscode.executeDefinitionProvider", wordsIn(document), definitions),
    definedIn(document).then((defined) => searchAll("vscode.executeReferenceProvider", defined, references)),
  ]);
};

/** The symbols that a document defines. */
const definedIn = async (document: vscode.TextDocument): Promise<Named[]> => {
  const symbols = await ask("vscode.executeDocumentSymbolProvider", document.uri);
  return symbols.flatMap((symbol) => symbolsIn(symbol, document)).slice(0, MOST_DEFINED);
};

/** The answers of the language servers to a command of VS Code. None if one of them fails. */
const ask = async (command: string, ...args: readonly unknown[]): Promise<readonly unknown[]> => {
  try {
    const answer = await vscode.commands.executeCommand(command, ...args);
    return z.array(z.unknown()).safeParse(answer).data ?? [];
  } catch {
    return [];
  }
};

interface Named {
  name: string;
  position: vscode.Position;
}

/** Each word of the document once: those of the user's selection first, then in their order. */
const wordsIn = (document: vscode.TextDocument): Named[] => {
  const editor = vscode.window.activeTextEditor;
  const selection = editor?.document === document && !editor.selection.isEmpty ? editor.selection : null;
  const found = new Map<string, Named>();
  const collect = (from: number, text: string): void => {
    for (const { 0: name, index } of text.matchAll(word))
      if (found.size < MOST_WORDS && !found.has(name))
        found.set(name, { name, position: document.positionAt(from + index) });
  };
  if (selection !== null) collect(document.offsetAt(selection.start), document.getText(selection));
  collect(0, document.getText());
  return [...found.values()];
};

const Symbol = z.looseObject({
  name: z.string(),
  /** The place of its name. Some language servers only give the range of the whole symbol. */
  selectionRange: z.instanceof(vscode.Range).optional(),
  location: z.instanceof(vscode.Location).optional(),
  children: z.array(z.unknown()).default([]),
});

/** A symbol that the document defines, and its members. */
const symbolsIn = (answer: unknown, document: vscode.TextDocument, isMember = false): Named[] => {
  const symbol = Symbol.safeParse(answer).data;
  if (symbol === undefined) return [];
  const { name, selectionRange, location, children } = symbol;
  const range = selectionRange ?? location?.range;
  // Some language servers list a symbol without a name.
  if (range === undefined || name === "") return [];
  const index = document.getText(range).indexOf(name);
  const position = document.positionAt(document.offsetAt(range.start) + Math.max(0, index));
  const members = isMember ? [] : children.flatMap((child) => symbolsIn(child, document, true));
  return [{ name, position }, ...members];
};

const Link = z.looseObject({ targetUri: z.custom<vscode.Uri>((value) => value instanceof vscode.Uri) });

/** The file that an answer of a language server leads to. */
const targetOf = (answer: unknown): vscode.Uri[] => {
  if (answer instanceof vscode.Location) return [answer.uri];
  const link = Link.safeParse(answer).data;
  return link === undefined ? [] : [link.targetUri];
};

/** The path of a file in the folder. Null outside of it. */
const pathFor = (folder: vscode.WorkspaceFolder, uri: vscode.Uri): string | null => {
  if (folderOf(uri)?.uri.toString() !== folder.uri.toString()) return null;
  return WorkspacePath.safeParse(pathInFolder(folder, uri)).data ?? null;
};

/** Works on the items, some at a time, until the signal aborts. */
const inTurns = async <Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const left = items.values();
  const workThrough = async (): Promise<void> => {
    for (const item of left) {
      if (signal.aborted) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workThrough));
};

/** The file's problems and the errors of files around it. Without a file, all errors of the folder. */
const problemsOf = (
  folder: vscode.WorkspaceFolder,
  file: string | null,
  { definitions, references }: Pick<EditorContext, "definitions" | "references">,
): EditorProblem[] => {
  const around = new Set([...definitions, ...references].map(({ path }) => path));
  return vscode.languages
    .getDiagnostics()
    .flatMap(([uri, problems]) => {
      const path = pathFor(folder, uri);
      if (path === null || (file !== null && path !== file && !around.has(path))) return [];
      return problems
        .filter(({ severity }) => path === file || severity === vscode.DiagnosticSeverity.Error)
        .filter(({ source }) => source !== "coditect")
        .map((problem) => describe(path, problem));
    })
    .sort(moreImportantFor(file))
    .slice(0, MOST_PROBLEMS);
};

const describe = (path: string, problem: vscode.Diagnostic): EditorProblem => {
  const { message, source, code, start_line } = describeProblem(problem);
  return {
    path,
    severity: severities[problem.severity],
    message: message.slice(0, LONGEST_PROBLEM),
    source: source?.slice(0, LONGEST_SYMBOL) ?? null,
    code: code === null ? null : String(code).slice(0, LONGEST_SYMBOL),
    start_line,
  };
};
