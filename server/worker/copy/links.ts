import { mkdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ownEntries, remove, writeAtomically } from "./files.ts";
import { isExecutable, statFile } from "./stamp.ts";

/** A file in a folder of links. */
export interface OwnFile {
  text: string;
  executable: boolean;
}

/** The entries of a folder of links, by name: the target of a link, another such folder, or a file. */
export type Links = Map<string, string | Links | OwnFile>;

/** Makes a folder contain exactly `links`. */
export const makeLinks = (folder: string, links: Links): void => {
  if (statFile(folder)?.isDirectory() !== true) {
    remove(folder);
    mkdirSync(folder, { recursive: true });
  }
  for (const entry of ownEntries(folder)) if (!links.has(entry.name)) remove(join(folder, entry.name));
  for (const [name, link] of links) {
    const path = join(folder, name);
    if (typeof link === "string") makeLink(path, link);
    else if (link instanceof Map) makeLinks(path, link);
    else makeOwnFile(path, link);
  }
};

/** Makes `path` a link to `target`, unless it already is. */
export const makeLink = (path: string, target: string): void => {
  const stats = statFile(path);
  if (stats?.isSymbolicLink() === true && readlinkSync(path) === target) return;
  if (stats !== null) remove(path);
  symlinkSync(target, path, "junction");
};

/** Makes `path` a file with this text, unless it already is. */
export const makeOwnFile = (path: string, { text, executable }: OwnFile): void => {
  const stats = statFile(path);
  const isThere = stats?.isFile() === true && isExecutable(stats) === executable;
  if (isThere && readFileSync(path, "utf8") === text) return;
  if (stats !== null) remove(path);
  writeAtomically(path, Buffer.from(text), executable);
};
