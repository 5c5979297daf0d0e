import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CoditectError } from "../../../schemas/errors.ts";
import { InstanceState } from "../../../schemas/instance.ts";
import { nodeFiles } from "../../../server/store/files.ts";
import { loadState } from "../../../server/store/load.ts";
import { openStore } from "../../../server/store/open.ts";
import { all } from "../../../server/store/queries.ts";
import type { Store } from "../../../server/store/store.ts";
import {
  agentId,
  instanceId,
  lifecycleId,
  stateAt,
  taskId,
  tenantId,
  TRAIL,
  writeRound,
} from "./workload.ts";

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 300);
const SECONDS = Number(process.env.CRASH_SECONDS ?? 30);
const WRITERS = 16;

interface Writer {
  child: ChildProcess;
  /** Counter of each writer that was acknowledged last. */
  acknowledged: Map<number, number>;
  /** Resolves when it has acknowledged something of every writer. */
  working: Promise<unknown>;
  /** Exit code, when the process is gone and all it said was read. */
  ended: Promise<number | null>;
}

const children: ChildProcess[] = [];
const killAll = (): void => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
};

const startWriter = (folder: string, writers = WRITERS, ...how: "suspended"[]): Writer =>
  follow("./writer.ts", [folder, String(writers), ...how], writers);

/** Starts a script that tells what was acknowledged to it. */
const follow = (name: string, parameters: readonly string[], writers: number): Writer => {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [script, ...parameters], { stdio: ["ignore", "pipe", "ignore"] });
  children.push(child);
  const acknowledged = new Map<number, number>();
  const working = Promise.withResolvers<unknown>();
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const [writer, count] = line.split(" ").map(Number);
    if (writer !== undefined && count !== undefined) acknowledged.set(writer, count);
    if (acknowledged.size === writers) working.resolve(undefined);
  });
  const ended = Promise.all([once(child, "exit"), once(lines, "close")]).then(() => {
    working.reject(new Error("the writer ended before it had written"));
    working.promise.catch(() => undefined);
    return child.exitCode;
  });
  return { child, acknowledged, working: working.promise, ended };
};

/** Every acknowledged commit is there as a whole, and every index belongs to its records. */
const verify = async (folder: string, acknowledged: ReadonlyMap<number, number>): Promise<void> => {
  const { document } = await loadState(nodeFiles, folder, tenantId);
  const instances = all(document, "instances", {});
  for (let writer = 0; writer < WRITERS; writer += 1) {
    const known = acknowledged.get(writer) ?? 0;
    const count = Number(document.get("tasks", taskId(writer))?.data ?? 0);
    assert.ok(count >= known, `writer ${writer}: ${known} was acknowledged, ${count} is stored`);
    if (count === 0) continue;
    assert.equal(document.get("instances", instanceId(writer))?.state, stateAt(count));
    assert.deepEqual(
      all(document, "lifecycle", { instance_id: instanceId(writer) }).map(
        (event) => `${event.instance_id}/${event.timestamp}:${event.event_id}`,
      ),
      Array.from({ length: Math.min(count, TRAIL) }, (_, n) =>
        lifecycleId(writer, Math.max(0, count - TRAIL) + n + 1),
      ),
    );
  }
  for (const state of InstanceState.options)
    assert.deepEqual(
      all(document, "instances", { state }),
      instances.filter((each) => each.state === state),
    );
  for (let agent = 0; agent < 3; agent += 1)
    assert.deepEqual(
      all(document, "instances", { agent_id: agentId(agent), active: true }),
      instances.filter((each) => each.agent_id === agentId(agent) && each.state !== "Terminated"),
    );
};

/** Opens the folder as soon as its owner has shown no sign of life for a while. */
const openWhenStale = async (folder: string): Promise<Store> => {
  for (;;) {
    try {
      return await openStore({ folder, tenantId, staleAfter: 2000 });
    } catch (error) {
      if (!(error instanceof CoditectError) || error.code !== "state_locked") throw error;
      await wait(100);
    }
  }
};

describe("two processes that write to one folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-crash-"));
  });
  afterEach(async () => {
    killAll();
    await rm(folder, { recursive: true });
  });

  it(`for ${SECONDS} s lose nothing of what either was told is stored`, async () => {
    const start = (first: number) =>
      follow("./taking-turns.ts", [folder, String(first), String(SECONDS)], WRITERS / 2);
    const both = [start(0), start(WRITERS / 2)];
    for (const { working, ended } of both) {
      assert.equal(await ended, 0);
      await working;
    }
    await verify(folder, new Map(both.flatMap(({ acknowledged }) => [...acknowledged])));
  });
});

describe("a runtime that is killed", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-crash-"));
  });
  afterEach(async () => {
    killAll();
    await rm(folder, { recursive: true });
  });

  it(`loses no acknowledged commit in ${ROUNDS} kills under ${WRITERS} writers and folding`, async () => {
    const acknowledged = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const writer = startWriter(folder);
      await writer.working;
      // Another moment of what is under way each time: between commits, in one, while folding.
      await wait((round * 37) % 150);
      writer.child.kill("SIGKILL");
      await writer.ended;
      for (const [key, count] of writer.acknowledged) acknowledged.set(key, count);
      await verify(folder, acknowledged);
      if (round % 4 === 3) await (await openStore({ folder, tenantId })).close();
    }
    await verify(folder, acknowledged);
  });

  it("that was only suspended cannot write after another process took the folder over", async () => {
    const writer = startWriter(folder, 4);
    await writer.working;
    writer.child.kill("SIGSTOP");
    const store = await openWhenStale(folder);
    const counts = Array.from({ length: 4 }, (_, n) => Number(store.get("tasks", taskId(n))?.data));
    writer.child.kill("SIGCONT");
    assert.notEqual(await writer.ended, 0, "the former owner went on");

    for (const [key, count] of writer.acknowledged)
      assert.ok(count <= (counts[key] ?? 0), `writer ${key} was told that ${count} is stored`);
    await store.close();
    await verify(folder, writer.acknowledged);
  });

  it("that was suspended before it put a fold in place cannot put it over its successor's", async () => {
    const writer = startWriter(folder, 4, "suspended");
    await writer.working;
    const store = await openWhenStale(folder);
    const written = Number(store.get("tasks", taskId(0))?.data) + 30;
    for (let count = written - 29; count <= written; count += 1)
      await store.commit((transaction) => {
        writeRound(transaction, 0, count);
      });
    // This folds, so that the state file holds what is in no journal any more.
    await store.close();
    writer.child.kill("SIGCONT");
    assert.notEqual(await writer.ended, 0, "the former owner went on");
    await verify(folder, new Map([...writer.acknowledged, [0, written]]));
  });

  it("has one successor of many that start at the same moment", async () => {
    for (let round = 0; round < Math.max(2, ROUNDS / 6); round += 1) {
      const rivals = Array.from({ length: 4 }, () => startWriter(folder));
      const won = await Promise.any(rivals.map((each) => each.working.then(() => each)));
      const lost = rivals.filter((each) => each !== won);
      for (const code of await Promise.all(lost.map((each) => each.ended))) assert.equal(code, 1);
      assert.ok(lost.every((each) => each.acknowledged.size === 0));
      won.child.kill("SIGKILL");
      await won.ended;
      await verify(folder, won.acknowledged);
    }
  });
});
