import assert from "node:assert/strict";
import fc from "fast-check";
import { rm } from "node:fs/promises";
import { AgentStatus, AgentType, type AgentConfig } from "../../../schemas/agent.ts";
import { FindingStatus, type Finding } from "../../../schemas/findings.ts";
import type { Store } from "../../../server/store/store.ts";
import { agent, finding, makeFolder, openMortal } from "./support.ts";

/** The store as it should be: records in the order in which they were first put. */
interface Model {
  agents: Map<string, AgentConfig>;
  findings: Map<string, Finding>;
}

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const paths = ["src/a.ts", "src/ü b.ts", 'say "x"'];

const change = fc.oneof(
  fc
    .record({
      agent_id: fc.nat(8).map(id),
      agent_type: fc.constantFrom(...AgentType.options.slice(0, 3)),
      status: fc.constantFrom(...AgentStatus.options.slice(0, 3)),
      name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    })
    .map((fields) => ({ kind: "agent" as const, record: agent(fields) })),
  fc
    .record({
      finding_id: fc.nat(8).map(id),
      task_id: fc.nat(2).map(id),
      path: fc.constantFrom(...paths),
      status: fc.constantFrom(...FindingStatus.options),
    })
    .map((fields) => ({ kind: "finding" as const, record: finding(fields) })),
  fc.nat(8).map((number) => ({ kind: "no agent" as const, id: id(number) })),
  fc.nat(8).map((number) => ({ kind: "no finding" as const, id: id(number) })),
);
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(change, { minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constant("killed" as const) },
  { weight: 1, arbitrary: fc.constant("closed" as const) },
);

const apply = (model: Model, changes: readonly Change[]): void => {
  // As in a transaction: the last write of a record is the one that counts.
  const last = new Map(
    changes.map((each) => [
      each.kind === "agent" || each.kind === "no agent"
        ? `agent ${"id" in each ? each.id : each.record.agent_id}`
        : `finding ${"id" in each ? each.id : each.record.finding_id}`,
      each,
    ]),
  );
  for (const each of last.values()) {
    if (each.kind === "agent") model.agents.set(each.record.agent_id, each.record);
    else if (each.kind === "finding") model.findings.set(each.record.finding_id, each.record);
    else if (each.kind === "no agent") model.agents.delete(each.id);
    else model.findings.delete(each.id);
  }
};

const write = (store: Store, changes: readonly Change[]): Promise<void> =>
  store.commit((transaction) => {
    for (const each of changes) {
      if (each.kind === "agent") transaction.put("agents", each.record);
      else if (each.kind === "finding") transaction.put("findings", each.record);
      else transaction.remove(each.kind === "no agent" ? "agents" : "findings", each.id);
    }
  });

const compare = (store: Store, model: Model): void => {
  const agents = [...model.agents.values()].reverse();
  const findings = [...model.findings.values()].reverse();
  assert.deepEqual(store.all("agents"), agents);
  assert.deepEqual(store.all("findings"), findings);
  for (const type of AgentType.options.slice(0, 3))
    for (const status of AgentStatus.options.slice(0, 3))
      assert.deepEqual(
        store.all("agents", { type, status }),
        agents.filter((each) => each.agent_type === type && each.status === status),
      );
  for (const path of paths)
    assert.deepEqual(
      store.all("findings", { path }),
      findings.filter((each) => each.path === path),
    );
  for (const status of FindingStatus.options)
    assert.deepEqual(
      pages(store, status),
      findings.filter((each) => each.status === status),
    );
};

const pages = (store: Store, status: FindingStatus): Finding[] => {
  const items: Finding[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Finding[]; next_cursor: string | null } = store.page(
      "findings",
      { status },
      { limit: 2, cursor },
    );
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
};

describe("the store against a plain map", () => {
  it("holds the same after any commits, kills, closings and foldings", async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const model: Model = { agents: new Map(), findings: new Map() };
      const folder = await makeFolder();
      const open = () => openMortal(folder, { foldAt: 2000 });
      let { store, kill } = await open();
      try {
        for (const each of steps) {
          if (each === "closed") {
            await store.close();
            ({ store, kill } = await open());
          } else if (each === "killed") {
            await kill();
            ({ store, kill } = await open());
          } else {
            await write(store, each);
            apply(model, each);
          }
          compare(store, model);
        }
      } finally {
        await store.close();
        await rm(folder, { recursive: true });
      }
    });
    await fc.assert(property, { numRuns: Number(process.env.STORE_ROUNDS ?? 60) });
  });
});
