import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Something a program does to a file. */
export type Edit =
  | { do: "write"; path: string; bytes: Buffer }
  | { do: "remove"; path: string }
  | { do: "mode"; path: string };
/** Makes an edit as any program would, files and folders taking each other's place. */
export const makeEdit = (root: string, change: Edit): void => {
  const target = join(root, change.path);
  if (change.do === "write") {
    for (let folder = dirname(change.path); folder !== "."; folder = dirname(folder)) {
      if (isFile(join(root, folder))) rmSync(join(root, folder));
    }
    if (existsSync(target) && !isFile(target)) rmSync(target, { recursive: true });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, change.bytes);
  } else if (change.do === "remove") {
    if (isFile(target) || existsSync(target)) rmSync(target, { recursive: true });
  } else if (isFile(target)) {
    chmodSync(target, 0o755);
  }
};

const isFile = (file: string): boolean => {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
};
