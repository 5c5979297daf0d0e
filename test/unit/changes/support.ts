import { createHash } from "node:crypto";
import type { FileChange } from "../../../schemas/changes.ts";
import type { Changes } from "../../../server/changes/changes.ts";
import { createChanges } from "../../../server/changes/create-changes.ts";
import type { Store } from "../../../server/store/store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { type TestWorkspace, testWorkspace } from "../../support/workspace.ts";

export const TASK = "00000000-0000-4000-8000-0000000000aa";
export const owner = { task_id: TASK, execution_id: null };

export const sha256 = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex");

/** A change as a worker hands it back; `null`: not there before, or not there any more. */
export const change = (
  path: string,
  before: string | Buffer | null,
  after: string | Buffer | null,
  executable = false,
): FileChange => ({
  path,
  before: before === null ? null : sha256(before),
  content:
    after === null
      ? null
      : typeof after === "string"
        ? { encoding: "utf8", data: after }
        : { encoding: "base64", data: after.toString("base64") },
  executable,
});

export interface Bench {
  workspace: TestWorkspace;
  store: Store;
  changes: Changes;
  /** Builds and stores a change set, and returns its id. */
  stored(...files: FileChange[]): Promise<string>;
}

export const bench = async (files: Record<string, string | Buffer> = {}): Promise<Bench> => {
  const workspace = await testWorkspace(files);
  const store = memoryStore();
  const now = () => "2026-01-31T12:00:00.000Z";
  const changes = createChanges({ store, workspace: workspace.root, now });
  return {
    workspace,
    store,
    changes,
    stored: async (...list) => {
      const changeSet = await changes.build(owner, list, []);
      await store.commit((transaction) => {
        transaction.put("changeSets", changeSet);
      });
      return changeSet.change_set_id;
    },
  };
};
