import { dirname, join } from "node:path";
import { ifThere, type Files } from "./files.ts";

/** The folder inside the state folder where a repair keeps the original files. */
export interface Copy {
  /** Its name; null while it is empty. */
  readonly name: string | null;
  /** Copies a file of the state folder, by its path in there, before it is changed. */
  keep(path: string): Promise<void>;
  /** Moves a file that is in the way to this folder. */
  take(path: string): Promise<void>;
}

export const createCopy = (files: Files, folder: string): Copy => {
  let name: string | null = null;
  const placeFor = async (path: string): Promise<string> => {
    name ??= `damaged-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
    const place = join(folder, name, path);
    await files.mkdir(dirname(place), { recursive: true, mode: 0o700 });
    return place;
  };
  return {
    get name() {
      return name;
    },
    keep: async (path) => {
      await ifThere(files.copyFile(join(folder, path), await placeFor(path)));
    },
    take: async (path) => {
      await files.rename(join(folder, path), await placeFor(path));
    },
  };
};
