import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSONFile } from "lowdb/node";
import type { AgentType } from "../../../schemas/agent.ts";
import { indexKeys, keys } from "../../../schemas/keys.ts";
import { newAgent } from "../../../server/models/agent.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";

const tenantId = randomUUID();
const agent = (name: string, agent_type: AgentType = "Coder") =>
  newAgent(
    { tenant_id: tenantId, name, agent_type, provider: { Claude: { model: "m", max_tokens: 1 } } },
    new Date().toISOString(),
  );

describe("store", () => {
  let folder: string;
  let store: Store;
  const open = () => openStore({ folder, tenantId, durability: "os" });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-store-"));
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it("keeps records in the documented keys, readable by lowdb's own adapter after a clean close", async () => {
    const coder = agent("coder");
    await store.commit((transaction) => {
      transaction.put("agents", coder);
    });
    await store.close();

    const data = await new JSONFile<Record<string, unknown>>(join(folder, "state.json")).read();
    assert.deepEqual(data?.[keys.agent(tenantId, coder.agent_id)], coder);
    assert.deepEqual(data[indexKeys.agentsByType(tenantId, "Coder")], [coder.agent_id]);
    assert.deepEqual(data[indexKeys.agentsByStatus(tenantId, "Available")], [coder.agent_id]);
    store = await open();
    assert.deepEqual(store.get("agents", coder.agent_id), coder);
  });

  it("writes one line per key", async () => {
    await store.commit((transaction) => {
      transaction.put("agents", agent("one\ntwo"));
    });
    await store.close();
    const lines = (await readFile(join(folder, "state.json"), "utf8")).trimEnd().split("\n");
    assert.equal(lines.length, Object.keys(JSON.parse(lines.join("\n")) as object).length + 2);
  });

  it("writes nothing of a transaction that throws", async () => {
    const coder = agent("coder");
    const writing = store.commit((transaction) => {
      transaction.put("agents", coder);
      throw new Error("changed my mind");
    });
    await assert.rejects(writing, /changed my mind/);
    assert.equal(store.get("agents", coder.agent_id), null);
  });

  it("pages newest first by a cursor that outlives the record it names", async () => {
    const agents = ["a", "b", "c", "d", "e"].map((name) => agent(name));
    for (const each of agents)
      await store.commit((transaction) => {
        transaction.put("agents", each);
      });
    const first = store.page("agents", { type: "Coder" }, { limit: 2, cursor: null });
    assert.deepEqual(
      first.items.map(({ name }) => name),
      ["e", "d"],
    );
    await store.commit((transaction) => {
      for (const { agent_id } of first.items) transaction.remove("agents", agent_id);
    });
    const rest = store.page("agents", { type: "Coder" }, { limit: 10, cursor: first.next_cursor });
    assert.deepEqual(
      rest.items.map(({ name }) => name),
      ["c", "b", "a"],
    );
    assert.equal(rest.next_cursor, null);
  });

  it("refuses a folder that another owner holds, and says who", async () => {
    await assert.rejects(open(), { code: "state_locked", message: new RegExp(`process ${process.pid}`) });
  });
});
