/**
 * A process that writes until it is killed: `writers` loops at once over one store, each raising
 * its own counter and telling on stdout (`<writer> <count>`) what was acknowledged.
 */
import { writeSync } from "node:fs";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { taskId, tenantId, writeRound } from "./workload.ts";

const [, , folder = "", writers = "16"] = process.argv;

const write = async (store: Store, writer: number): Promise<void> => {
  for (;;) {
    const count = Number(store.get("tasks", taskId(writer))?.data ?? 0) + 1;
    await store.commit((transaction) => {
      writeRound(transaction, writer, count);
    });
    writeSync(1, `${writer} ${count}\n`);
  }
};

const store = await openStore({ folder, tenantId, foldAt: 20_000 });
writeSync(1, "open\n");
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(store, writer)));
