import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import { runTests } from "../../../server/worker/runners/run-tests.ts";

const dependencies = resolve(import.meta.dirname, "../../../node_modules");

/** A project on disk, in a folder with a space and an umlaut, and its tests run by its own runner. */
export interface Project {
  root: string;
  write: (files: Record<string, string | Buffer>) => Promise<void>;
  test: (request?: Partial<WorkerParams<"tests/run">>, signal?: AbortSignal) => Promise<TestReport>;
  remove: () => Promise<void>;
}

/** Its packages are those of the repository, or those in `modules`. */
export const makeProject = async (
  files: Record<string, string | Buffer>,
  modules = dependencies,
): Promise<Project> => {
  const root = join(await mkdtemp(join(tmpdir(), "runners-")), "ein Prüfstück");
  await mkdir(root);
  await symlink(modules, join(root, "node_modules"));

  const write = async (more: Record<string, string | Buffer>): Promise<void> => {
    for (const [path, text] of Object.entries(more)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  };
  await write(files);
  return {
    root,
    write,
    test: (request = {}, signal = new AbortController().signal) =>
      runTests(
        root,
        { files: null, name: null, coverage: false, command: null, timeout_seconds: 60, ...request },
        signal,
      ),
    remove: () => rm(dirname(root), { recursive: true, force: true }),
  };
};

/** Each test as `file > name: status`, sorted. */
export const outline = (report: TestReport): string[] =>
  report.tests.map(({ file, name, status }) => `${file} > ${name}: ${status}`).sort();
