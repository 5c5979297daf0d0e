import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder on the real disk. The test's `after` must call `remove`. */
export interface TestWorkspace {
  root: string;
  write(path: string, content: string | Buffer): Promise<void>;
  read(path: string): Promise<string>;
  /** The paths of all files below the root, sorted, with `/` between segments. */
  list(): Promise<string[]>;
  remove(): Promise<void>;
}

export const testWorkspace = async (files: Record<string, string | Buffer> = {}): Promise<TestWorkspace> => {
  const root = await mkdtemp(join(tmpdir(), "coditect-test-"));
  const workspace: TestWorkspace = {
    root,
    write: async (path, content) => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    },
    read: (path) => readFile(join(root, path), "utf8"),
    list: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(root.length + 1)
            .replaceAll("\\", "/"),
        )
        .sort();
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
  for (const [path, content] of Object.entries(files)) await workspace.write(path, content);
  return workspace;
};
