/**
 * A process that shares a state folder with another one for some seconds: whenever it gets the
 * folder it writes for a moment and gives it up. Tells on stdout (`<writer> <count>`) what was
 * acknowledged.
 */
import { writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { CoditectError } from "../../../schemas/errors.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { taskId, tenantId, writeRound } from "./workload.ts";

const [, , folder = "", first = "0", seconds = "30"] = process.argv;
const WRITERS = 8;
const TURN_MS = 100;
const until = performance.now() + Number(seconds) * 1000;

const tryOpen = async (): Promise<Store | null> => {
  try {
    return await openStore({ folder, tenantId, foldAt: 20_000 });
  } catch (error) {
    if (error instanceof CoditectError && error.code === "state_locked") return null;
    throw error;
  }
};

const write = async (store: Store, writer: number, end: number): Promise<void> => {
  while (performance.now() < end) {
    const count = Number(store.get("tasks", taskId(writer))?.data ?? 0) + 1;
    await store.commit((transaction) => {
      writeRound(transaction, writer, count);
    });
    writeSync(1, `${writer} ${count}\n`);
  }
};

while (performance.now() < until) {
  const store = await tryOpen();
  if (store !== null) {
    const end = performance.now() + TURN_MS;
    const writers = Array.from({ length: WRITERS }, (_, n) => Number(first) + n);
    await Promise.all(writers.map((writer) => write(store, writer, end)));
    await store.close();
  }
  // The other one is waiting too.
  await wait(Math.random() * 50);
}
