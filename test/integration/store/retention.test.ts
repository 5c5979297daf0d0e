import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { newInstance } from "../../../server/models/instance.ts";
import { newExecution, noUsage } from "../../../server/models/execution.ts";
import { RunOptions, type RunStatus } from "../../../schemas/run.ts";
import type { Retention } from "../../../schemas/settings.ts";
import { checkState } from "../../../server/store/doctor.ts";
import type { StateDocument } from "../../../server/store/document.ts";
import { fileNames, nodeFiles } from "../../../server/store/files.ts";
import { openWithDocument } from "../../../server/store/open.ts";
import { applyRetention } from "../../../server/store/retention.ts";
import type { Store } from "../../../server/store/store.ts";
import { finding, makeFolder, tenantId } from "./support.ts";

const now = new Date("2026-06-01T00:00:00.000Z");
const daysAgo = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString();
const forever: Retention = { days: null, runs: null, megabytes: null };

describe("retention", () => {
  let folder: string;
  let store: Store;
  let document: StateDocument;
  beforeEach(async () => {
    folder = await makeFolder();
    ({ store, document } = await openWithDocument({ folder, tenantId, durability: "os" }));
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** A run with an execution on an instance, a transcript, a finding and a file content. */
  const addRun = async (status: RunStatus, age: number, bytes = 10): Promise<string> => {
    const task_id = randomUUID();
    const at = daysAgo(age);
    const sha256 = await store.objects.put(Buffer.alloc(bytes, task_id));
    await utimes(join(folder, fileNames.objects, sha256.slice(0, 2), sha256), new Date(at), new Date(at));
    const common = { agent_id: randomUUID(), tenant_id: tenantId };
    const instance = {
      ...newInstance({ ...common, runtime_type: "Local", agent_version: "1" }, at),
      state: "Terminated" as const,
    };
    const execution = newExecution(
      {
        task_id,
        tenant_id: tenantId,
        input: {
          prompt: "",
          system_message: null,
          context: [],
          parameters: {
            temperature: 0,
            max_tokens: 1,
            max_turns: 1,
            timeout_seconds: 1,
            write_access: "none",
            test_command: null,
          },
          tools: [],
        },
        metadata: {
          ...{ agent_id: common.agent_id, agent_type: "Coder", agent_name: "coder", provider: "Claude" },
          ...{ model: "m", answered_by: [], team_id: null, stage: "code", round: 1, gates: [] },
          ...{ change_set_id: null, context_left_out: [], rating: null },
        },
      },
      at,
    );
    await store.commit((transaction) => {
      const { execution_id } = execution;
      transaction.put("instances", instance);
      transaction.put("executions", { ...execution, instance_id: instance.instance_id });
      transaction.put("findings", finding({ task_id, execution_id }));
      transaction.put("tasks", {
        ...{ task_id, tenant_id: tenantId, workflow: "tdd", description: "", file: null },
        ...{ data: sha256, created_at: at },
      });
      transaction.put("runs", {
        ...{
          task_id,
          tenant_id: tenantId,
          team_id: randomUUID(),
          status,
          forecast: null,
          workflow_stages: [],
          stages: [],
          members: [],
        },
        ...{ options: RunOptions.parse({}), baseline: null, change_set_id: null, error: null },
        ...{ usage: noUsage(), parent: null, created_at: at, updated_at: at, completed_at: at },
      });
    });
    await store.transcripts.append(execution.execution_id, [{ type: "note", at, turn: 1, text: "n" }]);
    return task_id;
  };

  const apply = (retention: Partial<Retention>): Promise<number> => {
    return applyRetention({
      ...{ files: nodeFiles, document, store, now, signal: new AbortController().signal },
      retention: { ...forever, ...retention },
    });
  };
  const kept = (): string[] => store.all("runs").map(({ task_id }) => task_id);
  const files = async (): Promise<number[]> => [
    (await readdir(join(folder, fileNames.transcripts))).length,
    (await readdir(join(folder, fileNames.objects), { recursive: true })).filter((name) => name.length > 60)
      .length,
  ];

  it("keeps everything if it is told nothing", async () => {
    const run = await addRun("Succeeded", 1000);
    assert.equal(await apply({}), 0);
    assert.deepEqual(kept(), [run]);
  });

  it("removes runs that ended too long ago, with all that belongs to them", async () => {
    await addRun("Succeeded", 100);
    await addRun("Failed", 95);
    const young = await addRun("Succeeded", 80);
    assert.equal(await apply({ days: 90 }), 2);
    assert.deepEqual(kept(), [young]);
    assert.deepEqual(await files(), [1, 1]);
    assert.equal(store.all("instances").length, 1);
    await store.close();
    assert.deepEqual((await checkState(folder)).problems, []);
  });

  it("removes the oldest runs beyond a count, never an open one", async () => {
    const open = await addRun("Interrupted", 300);
    await addRun("Succeeded", 200);
    const newest = await addRun("Succeeded", 1);
    assert.equal(await apply({ runs: 1 }), 1);
    assert.deepEqual(kept(), [newest, open]);
  });

  it("removes the oldest runs beyond a size", async () => {
    for (let age = 40; age > 36; age -= 1) await addRun("Succeeded", age, 5 * 1024 * 1024);
    assert.equal(await apply({ megabytes: 11 }), 2);
    assert.deepEqual(await files(), [2, 2]);
  });
});
