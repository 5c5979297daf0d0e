import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files of a folder by path; a link is shown as `→ target`, an executable file ends in `*`. */
export type Tree = Record<string, string>;

export const temporaryFolder = (name: string): string =>
  realpathSync(mkdtempSync(join(tmpdir(), `${name}-`)));

export const writeTree = (root: string, tree: Tree): void => {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
};

/** What is in a folder, its dependencies left out. */
export const readTree = (root: string, folder = ""): Tree => {
  const tree: Tree = {};
  for (const name of readdirSync(join(root, folder)).sort()) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const stats = lstatSync(join(root, path));
    if (name === "node_modules") continue;
    if (stats.isDirectory()) Object.assign(tree, readTree(root, path));
    else if (stats.isSymbolicLink()) tree[path] = `→ ${readlinkSync(join(root, path))}`;
    else tree[path] = readFileSync(join(root, path), "latin1") + ((stats.mode & 0o111) === 0 ? "" : "*");
  }
  return tree;
};

export const clear = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true });
};
