import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { AgentStatus, AgentType } from "../../../schemas/agent.ts";
import { InstanceState } from "../../../schemas/instance.ts";
import { openStore } from "../../../server/store/open.ts";
import type { CollectionName, Filters, Store } from "../../../server/store/store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { aFinding, anAgent, anExecution, anInstance, aTask, TENANT } from "../../support/records.ts";

/** Everything a page by page reading of a filter gives. */
const readAll = <Name extends CollectionName>(
  store: Store,
  name: Name,
  filter: Filters[Name],
  limit: number,
): unknown[] => {
  const pages: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: unknown[]; next_cursor: string | null } = store.page(name, filter, {
      limit,
      cursor,
    });
    pages.push(page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return pages;
};

const minute = (count: number) => new Date(Date.UTC(2026, 0, 1, 0, count)).toISOString();
const write = fc.record({
  type: fc.constantFrom(...AgentType.options),
  status: fc.constantFrom(...AgentStatus.options),
  state: fc.constantFrom(...InstanceState.options),
  path: fc.constantFrom("a.ts", "b.ts"),
  remove: fc.boolean(),
});

describe("the store in memory that unit tests use", () => {
  it("answers every question the handlers ask as the real one does", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 15 }),
        fc.integer({ min: 1, max: 4 }),
        async (writes, limit) => {
          const folder = await mkdtemp(join(tmpdir(), "coditect-store-"));
          const real = await openStore({ folder, tenantId: TENANT, durability: "os", warn: () => undefined });
          const memory = memoryStore(TENANT);
          const task = aTask().task_id;
          for (const [index, { type, status, state, path, remove }] of writes.entries()) {
            const created_at = minute(index);
            const agent = { ...anAgent(type), status, created_at };
            const instance = { ...anInstance(agent.agent_id), state, created_at };
            const execution = { ...anExecution(task), instance_id: instance.instance_id, created_at };
            const finding = aFinding({ path, task_id: task, created_at });
            for (const store of [real, memory])
              await store.commit((transaction) => {
                transaction.put("agents", agent);
                transaction.put("instances", instance);
                transaction.put("executions", execution);
                transaction.put("findings", finding);
                if (remove) transaction.remove("agents", agent.agent_id);
              });
          }
          const [one] = real.all("instances");
          const compare = <Name extends CollectionName>(name: Name, filter: Filters[Name]): void => {
            assert.deepEqual(readAll(memory, name, filter, limit), readAll(real, name, filter, limit));
            assert.deepEqual(memory.all(name, filter), real.all(name, filter));
          };
          compare("agents", {});
          compare("agents", { type: "Coder" });
          compare("agents", { type: "Coder", status: "Busy" });
          compare("instances", { active: true });
          compare("instances", { agent_id: one?.agent_id, state: "Idle" });
          compare("executions", { task_id: task, status: "Queued" });
          compare("executions", { instance_id: one?.instance_id });
          compare("findings", { path: "a.ts", status: "Open" });
          compare("findings", { task_id: task });
          await real.close();
          await rm(folder, { recursive: true });
        },
      ),
      { numRuns: 25 },
    );
  });
});
