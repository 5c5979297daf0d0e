import { lstatSync, mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * Writes into the copy of a workspace. Every folder on the way to a file is made a real one first, so that
 * no link can lead a write out of the copy.
 */
export class Placing {
  readonly #root: string;
  readonly #temporary: string;
  /** Folders that are known to be real ones. */
  readonly #folders = new Set<string>();

  /** @param temporary a path on the same disk that nobody else uses. */
  constructor(root: string, temporary: string) {
    this.#root = root;
    this.#temporary = temporary;
  }

  /** Removes a file or link, and the folders that are empty then. */
  remove(path: string): void {
    const target = join(this.#root, path);
    if (!this.#isReached(path) || isFolder(target)) return;
    rmSync(target, { force: true });
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
      try {
        rmdirSync(join(this.#root, folder));
      } catch {
        return; // It is not empty.
      }
      this.#folders.delete(folder);
    }
  }

  /** Puts a copy of the file `from` at the path, whole or not at all. */
  async file(path: string, from: string, executable: boolean): Promise<void> {
    const target = this.#way(path);
    await copyFile(from, this.#temporary);
    await chmod(this.#temporary, executable ? 0o755 : 0o644);
    renameSync(this.#temporary, target);
  }

  link(path: string, target: string): void {
    const place = this.#way(path);
    rmSync(place, { force: true });
    symlinkSync(target, place);
  }

  /** Makes the folders on the way to the path, and room at it; returns its absolute path. */
  #way(path: string): string {
    const folder = dirname(path);
    if (folder !== ".") this.#makeFolder(folder);
    const target = join(this.#root, path);
    if (isFolder(target)) rmSync(target, { recursive: true });
    return target;
  }

  #makeFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    const above = dirname(folder);
    if (above !== ".") this.#makeFolder(above);
    const path = join(this.#root, folder);
    if (!isFolder(path)) {
      rmSync(path, { force: true });
      mkdirSync(path);
    }
    this.#folders.add(folder);
  }

  /** Whether only real folders are on the way to the path. */
  #isReached(path: string): boolean {
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder))
      if (!isFolder(join(this.#root, folder))) return false;
    return true;
  }
}
