import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { indexKeys, keys } from "../../../schemas/keys.ts";
import type { Task } from "../../../schemas/run.ts";
import { checkState, repairState } from "../../../server/store/doctor.ts";
import { fileNames } from "../../../server/store/files.ts";
import { openStore } from "../../../server/store/open.ts";
import { agent, at, finding, makeFolder, openMortal, tenantId } from "./support.ts";

const task = (task_id: string): Task => ({
  task_id,
  tenant_id: tenantId,
  workflow: "tdd",
  description: "",
  file: null,
  data: null,
  created_at: at,
});

describe("the doctor", () => {
  let folder: string;
  const agents = Array.from({ length: 40 }, (_, n) => agent({ name: `agent ${n}` }));
  const state = () => join(folder, fileNames.state);
  const kinds = async () => (await checkState(folder)).problems.map(({ kind }) => kind);

  beforeEach(async () => {
    folder = await makeFolder();
    const store = await openStore({ folder, tenantId });
    for (const each of agents)
      await store.commit((transaction) => {
        transaction.put("agents", each);
      });
    await store.close();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const expectAgents = async (expected: readonly unknown[]) => {
    const store = await openStore({ folder, tenantId });
    assert.deepEqual(store.all("agents").reverse(), expected);
    assert.deepEqual(store.all("agents", { type: "Coder" }).reverse(), expected);
    await store.close();
  };

  it("finds nothing in a healthy folder, and changes nothing", async () => {
    const before = await readFile(state());
    assert.deepEqual(await checkState(folder), { records: agents.length, problems: [] });
    assert.equal((await repairState(folder)).kept, null);
    assert.deepEqual(await readFile(state()), before);
  });

  it("derives indexes anew", async () => {
    // Somebody wrote the file without the journal's knowledge, and lost half an index.
    const data = JSON.parse(await readFile(state(), "utf8")) as Record<string, unknown>;
    const list = indexKeys.agentsByType(tenantId, "Coder");
    data[list] = [...agents.slice(20).map(({ agent_id }) => agent_id), randomUUID()];
    const lines = Object.entries(data).map(([key, value]) => `"${key}":${JSON.stringify(value)}`);
    await writeFile(state(), `{\n${lines.join(",\n")}\n}\n`);
    for (const name of await readdir(folder)) if (name.startsWith("journal")) await rm(join(folder, name));

    const { problems } = await checkState(folder);
    assert.deepEqual(
      problems.map(({ kind, where }) => [kind, where]),
      [
        ["an index lacks 20 records", list],
        ["an index names 1 records wrongly", list],
      ],
    );
    const repair = await repairState(folder);
    assert.deepEqual(repair.after, { records: agents.length, problems: [] });
    await expectAgents(agents);
  });

  it("restores a damaged state file from itself and the backup, and keeps it", async () => {
    const store = await openStore({ folder, tenantId });
    const added = agent({ name: "added" });
    await store.commit((transaction) => {
      transaction.put("agents", added);
    });
    await store.close();
    const bytes = await readFile(state());
    const place = bytes.indexOf("agent 7");
    bytes[place] = 0x41;
    await writeFile(state(), bytes);

    await assert.rejects(openStore({ folder, tenantId }), {
      code: "state_damaged",
      data: { file: "state.json", place: `bytes 0 to ${bytes.length}`, backup: "state.backup.json" },
    });
    assert.deepEqual(await kinds(), ["a file is damaged"]);
    const { kept, after } = await repairState(folder);
    assert.deepEqual(after.problems, []);
    assert.deepEqual(await readFile(join(folder, kept ?? "", fileNames.state)), bytes);
    await expectAgents([...agents, added]);
  });

  it("leaves a damaged block of the journal out and keeps what follows it", async () => {
    const { store, kill } = await openMortal(folder, { foldAt: 1e9 });
    const added = ["one", "two", "three"].map((name) => agent({ name }));
    for (const each of added)
      await store.commit((transaction) => {
        transaction.put("agents", each);
      });
    await kill();
    const name = (await readdir(folder)).filter((each) => each.startsWith("journal")).at(-1) ?? "";
    const journal = await readFile(join(folder, name));
    journal[journal.indexOf('"two"') + 1] = 0x41;
    await writeFile(join(folder, name), journal);

    const { losses, after } = await repairState(folder);
    assert.match(losses.join(), /journal\.\d+\.log: the block at byte \d+ is damaged and left out/);
    assert.deepEqual(after.problems, []);
    await expectAgents([...agents, added[0], added[2]]);
  });

  it("names records that refer to nothing", async () => {
    const store = await openStore({ folder, tenantId });
    const lost = finding({ task_id: randomUUID() });
    await store.commit((transaction) => {
      transaction.put("findings", lost);
      transaction.put("tasks", task(randomUUID()));
    });
    await store.close();
    const { problems } = await checkState(folder);
    assert.deepEqual(
      new Set(problems.map(({ kind, where }) => `${kind} ${where}`)),
      new Set([
        `a record refers to tasks ${lost.task_id}, which is gone ${keys.finding(tenantId, lost.finding_id)}`,
        `a record refers to executions ${lost.execution_id}, which is gone ${keys.finding(tenantId, lost.finding_id)}`,
      ]),
    );
  });

  it("removes transcripts of nobody and objects that are not what they say", async () => {
    const store = await openStore({ folder, tenantId });
    const sha256 = await store.objects.put(Buffer.from("whole"));
    await store.transcripts.append(randomUUID(), [{ type: "note", at, turn: 1, text: "lost" }]);
    await store.close();
    await appendFile(join(folder, fileNames.objects, sha256.slice(0, 2), sha256), "!");

    assert.deepEqual(await kinds(), [
      "a transcript belongs to no execution",
      "an object does not hold what it should",
    ]);
    assert.deepEqual((await repairState(folder)).after.problems, []);
    assert.deepEqual(await readdir(join(folder, fileNames.transcripts)), []);
  });

  it("repairs nothing in a folder that somebody has open", async () => {
    const store = await openStore({ folder, tenantId });
    await assert.rejects(repairState(folder), { code: "state_locked" });
    await store.close();
  });
});
