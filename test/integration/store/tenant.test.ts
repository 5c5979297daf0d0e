import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig } from "../../../schemas/agent.ts";
import { checkState, repairState } from "../../../server/store/doctor.ts";
import { fileNames } from "../../../server/store/files.ts";
import { openStore } from "../../../server/store/open.ts";
import { agent, makeFolder, openMortal } from "./support.ts";

describe("the tenant of a state folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Stores agents as a tenant of that id, as former versions did. */
  const store = async (tenantId: string, ...names: string[]): Promise<AgentConfig[]> => {
    const agents = names.map((name) => agent({ name, tenant_id: tenantId }));
    const opened = await openStore({ folder, tenantId });
    await opened.commit((transaction) => {
      for (const each of agents) transaction.put("agents", each);
    });
    await opened.close();
    return agents;
  };
  const read = async () => {
    const opened = await openStore({ folder });
    const found = {
      tenant: opened.tenantId,
      names: opened
        .all("agents")
        .map(({ name }) => name)
        .sort(),
      tenants: new Set(opened.all("agents").map(({ tenant_id }) => tenant_id)),
      byType: opened.all("agents", { type: "Coder" }).length,
    };
    await opened.close();
    return found;
  };

  it("is made once, and is the same for whoever opens the folder later, wherever it is moved", async () => {
    const first = await read();
    const elsewhere = join(await makeFolder(), "moved");
    await cp(folder, elsewhere, { recursive: true });
    const moved = await openStore({ folder: elsewhere });
    await moved.close();
    assert.equal((await read()).tenant, first.tenant);
    assert.equal(moved.tenantId, first.tenant);
    await rm(join(elsewhere, ".."), { recursive: true });
  });

  it("is the one its records have, in a folder from before", async () => {
    const before = randomUUID();
    await store(before, "one", "two");
    assert.deepEqual(await read(), {
      tenant: before,
      names: ["one", "two"],
      tenants: new Set([before]),
      byType: 2,
    });
    assert.equal(await readFile(join(folder, fileNames.tenant), "utf8"), `${before}\n`);
  });

  it("is found in the journal alone, where a process was killed before it was folded", async () => {
    const before = randomUUID();
    const { store: mortal, kill } = await openMortal(folder, { tenantId: before });
    await mortal.commit((transaction) => {
      transaction.put("agents", agent({ name: "one", tenant_id: before }));
    });
    await kill();
    assert.equal((await readdir(folder)).includes(fileNames.state), false);
    assert.deepEqual((await read()).tenant, before);
  });

  it("takes in what another user or a machine built again had stored beside it", async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await store(first, "one", "two");
    await store(second, "three");
    const found = await read();
    assert.deepEqual(found, {
      tenant: first,
      names: ["one", "three", "two"],
      tenants: new Set([first]),
      byType: 3,
    });
    assert.deepEqual((await checkState(folder)).problems, []);
    assert.deepEqual(await read(), found);
  });

  it("is found in a damaged folder too, so that a repair keeps its transcripts", async () => {
    const before = randomUUID();
    await store(before, "one", "two");
    const opened = await openStore({ folder, tenantId: before });
    const end = { type: "end", at: "2026-01-31T12:00:00.000Z", status: "Completed", message: "" } as const;
    await opened.transcripts.append(randomUUID(), [end]);
    await opened.close();
    const [transcript = ""] = await readdir(join(folder, fileNames.transcripts));
    const text = await readFile(join(folder, fileNames.transcripts, transcript), "utf8");
    await writeFile(join(folder, fileNames.state), "damaged", { flag: "a" });

    const { kept, after } = await repairState(folder);
    assert.deepEqual(after.problems, []);
    assert.deepEqual((await read()).names, ["one", "two"]);
    assert.equal(await readFile(join(folder, kept ?? "", fileNames.transcripts, transcript), "utf8"), text);
  });
});
