import { join } from "node:path";
import { claimStateFolder } from "../../server/hosting/state-stamp.ts";
import { noUsage } from "../../server/models/execution.ts";
import { openStore } from "../../server/store/open.ts";
import { recordMetrics } from "../../server/metrics/record.ts";
import { anExecution, aRun, aTask } from "../support/records.ts";

/**
 * `node fill-history.ts WORKSPACE RUNS`: gives a workspace a history of runs, newest today, one every
 * six hours, as the user whose environment this process has.
 */
const [workspace = "", runs = "0"] = process.argv.slice(2);
const STEP_MS = 6 * 3_600_000;
const WORKFLOWS = ["tdd", "bug-fix", "architecture"] as const;
const STATUSES = ["Succeeded", "Succeeded", "GateFailed", "Succeeded", "Failed", "Cancelled"] as const;
const MODELS = ["claude-sonnet-4-5", "qwen3-coder", "gemini-2.5-pro"] as const;
const AGENTS = ["TestWriter", "Coder", "Reviewer"] as const;

const pick = <Item>(items: readonly [Item, ...Item[]], index: number): Item =>
  items[index % items.length] ?? items[0];

const folder = join(workspace, ".coditect", "state");
claimStateFolder(folder, workspace);
const store = await openStore({
  folder,
  durability: "os",
  retention: { days: null, runs: null, megabytes: null },
  warn: () => undefined,
});
const { tenantId: tenant_id } = store;
const newest = Date.now() - 60_000;
await store.commit((transaction) => {
  for (let index = Number(runs) - 1; index >= 0; index--) {
    const at = new Date(newest - index * STEP_MS).toISOString();
    const times = { created_at: at, updated_at: at, completed_at: at };
    const status = pick(STATUSES, index);
    const task = {
      ...{ ...aTask(), tenant_id, created_at: at, workflow: pick(WORKFLOWS, index) },
      ...{ file: "src/bill.js", description: `Task ${index}: split the bill in whole cents` },
    };
    const usage = {
      ...noUsage(),
      ...{ input_tokens: 4000 + 13 * index, output_tokens: 900, cache_read_tokens: 2500 },
      ...{ api_calls: 7, cost: 0.01 * (1 + (index % 40)) },
    };
    transaction.put("tasks", task);
    transaction.put("runs", aRun(task.task_id, { tenant_id, status, usage, ...times }));
    for (const agent_type of AGENTS) {
      const base = anExecution(task.task_id);
      transaction.put("executions", {
        ...{ ...base, tenant_id, resource_usage: usage, ...times, started_at: at },
        ...{ status: status === "Failed" ? "Failed" : "Completed" },
        metadata: { ...base.metadata, agent_type, model: pick(MODELS, index) },
      });
      recordMetrics(transaction, tenant_id, base.execution_id);
    }
  }
});
await store.close();
