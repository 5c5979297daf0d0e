import { URI } from "vscode-uri";
import { fail } from "../../../schemas/errors.ts";
import type { FolderRuntime } from "../../hosting/open-runtime.ts";
import { isWithin, relativePath } from "../../workspace/paths.ts";

export interface Folder {
  /** In the editor's spelling. */
  uri: string;
  /** Absolute path. */
  root: string;
}

/** The workspace folders of an editor. Each has a runtime that is opened when first needed. */
export interface Folders {
  add(uri: string): void;
  /** Also closes its runtime. */
  remove(uri: string): Promise<void>;
  all(): readonly Folder[];
  /** The folder of a document and its path there. The innermost folder if they are nested. */
  locate(uri: string): { folder: Folder; path: string } | null;
  /**
   * The runtime of the folder with that URI, or of the first folder. Errors: `not_found`, and those of
   * opening.
   */
  runtime(uri: string | null): Promise<FolderRuntime>;
  close(): Promise<void>;
}

export interface FoldersContext {
  open: (folder: Folder) => Promise<FolderRuntime>;
  /** Called once for each runtime, before any other use. */
  opened: (folder: Folder, runtime: FolderRuntime) => void;
  /** Called when a runtime was lost. The next call opens another one. */
  lost: (folder: Folder) => void;
}

interface Entry {
  folder: Folder;
  runtime: Promise<FolderRuntime> | null;
}

/** Absolute path of a file URI. `null` for a document that is not a file. */
const pathOf = (uri: string): string | null => {
  const parsed = URI.parse(uri);
  return parsed.scheme === "file" ? parsed.fsPath : null;
};

export const createFolders = ({ open, opened, lost }: FoldersContext): Folders => {
  const entries = new Map<string, Entry>();

  const openEntry = (entry: Entry): Promise<FolderRuntime> => {
    const runtime = open(entry.folder).then((ready) => {
      opened(entry.folder, ready);
      ready.lost?.catch(() => {
        if (entry.runtime !== runtime) return;
        entry.runtime = null;
        lost(entry.folder);
      });
      return ready;
    });
    // The next call tries again, because the state folder may be free by then.
    runtime.catch(() => {
      if (entry.runtime === runtime) entry.runtime = null;
    });
    return runtime;
  };

  const closeEntry = async (entry: Entry): Promise<void> => {
    const { runtime } = entry;
    entry.runtime = null;
    const ready = await runtime?.catch(() => null);
    await ready?.close();
  };

  return {
    add: (uri) => {
      const root = pathOf(uri);
      if (root !== null && !entries.has(uri)) entries.set(uri, { folder: { uri, root }, runtime: null });
    },
    remove: async (uri) => {
      const entry = entries.get(uri);
      entries.delete(uri);
      if (entry !== undefined) await closeEntry(entry);
    },
    all: () => [...entries.values()].map(({ folder }) => folder),
    locate: (uri) => {
      const file = pathOf(uri);
      if (file === null) return null;
      const around = [...entries.values()]
        .map(({ folder }) => folder)
        .filter(({ root }) => isWithin(root, file))
        .sort((a, b) => b.root.length - a.root.length);
      const [folder] = around;
      return folder === undefined ? null : { folder, path: relativePath(folder.root, file) };
    },
    runtime: async (uri) => {
      const entry = uri === null ? [...entries.values()][0] : entries.get(uri);
      if (entry === undefined) throw fail("not_found", { kind: "workspace folder", id: uri ?? "at all" });
      entry.runtime ??= openEntry(entry);
      return entry.runtime;
    },
    close: async () => {
      const all = [...entries.values()];
      entries.clear();
      await Promise.all(all.map(closeEntry));
    },
  };
};
