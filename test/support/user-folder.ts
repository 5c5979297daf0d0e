import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A user folder for the test, which replaces that of the person who runs the tests. */
export const ownUserFolder = () => {
  let before: string | undefined;
  let folder = "";
  return {
    use: (): string => {
      before = process.env.XDG_CONFIG_HOME;
      folder = mkdtempSync(join(tmpdir(), "coditect-user-"));
      process.env.XDG_CONFIG_HOME = folder;
      return folder;
    },
    folder: (): string => folder,
    restore: async (): Promise<void> => {
      if (before === undefined) delete process.env.XDG_CONFIG_HOME;
      else process.env.XDG_CONFIG_HOME = before;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
