import {
  type Connection,
  DidChangeWatchedFilesNotification,
  type Disposable,
  type FileSystemWatcher,
} from "vscode-languageserver/node";
import type { Folder } from "./folders.ts";

/** Asks the editor to report changes on the disk, if it supports that. */
export interface Watching {
  /** Watches exactly these files of the folder from now on. */
  watch(paths: readonly string[]): void;
  stop(): void;
}

/** Patterns have no escapes, so special characters are matched as any character. */
const patternOf = (path: string): string => path.replace(/[*{}[\]!]/g, "?");

export const createWatching = (connection: Connection, folder: Folder): Watching => {
  let watched = "";
  let registration: Promise<Disposable | null> = Promise.resolve(null);

  const replace = (watchers: FileSystemWatcher[]): void => {
    const before = registration;
    registration = (async () => {
      (await before)?.dispose();
      if (watchers.length === 0) return null;
      return connection.client
        .register(DidChangeWatchedFilesNotification.type, { watchers })
        .catch(() => null);
    })();
  };

  return {
    watch: (paths) => {
      const sorted = [...paths].sort();
      if (sorted.join("\0") === watched) return;
      watched = sorted.join("\0");
      replace(sorted.map((path) => ({ globPattern: { baseUri: folder.uri, pattern: patternOf(path) } })));
    },
    stop: () => {
      watched = "";
      replace([]);
    },
  };
};
