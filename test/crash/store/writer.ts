/**
 * A process that writes until it is killed: `writers` loops at once over one store, each raising
 * its own counter and telling on stdout (`<writer> <count>`) what was acknowledged. With `suspended`
 * it stops itself at the moment before it puts its first fold in place.
 */
import { writeSync } from "node:fs";
import { basename } from "node:path";
import { fileNames, nodeFiles, type Files } from "../../../server/store/files.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { taskId, tenantId, writeRound } from "./workload.ts";

const [, , folder = "", writers = "16", suspended = ""] = process.argv;

const suspending: Files = {
  ...nodeFiles,
  rename: async (from, to) => {
    if (basename(String(to)) === fileNames.state) process.kill(process.pid, "SIGSTOP");
    await nodeFiles.rename(from, to);
  },
};

const write = async (store: Store, writer: number): Promise<void> => {
  for (;;) {
    const count = Number(store.get("tasks", taskId(writer))?.data ?? 0) + 1;
    await store.commit((transaction) => {
      writeRound(transaction, writer, count);
    });
    writeSync(1, `${writer} ${count}\n`);
  }
};

const files = suspended === "" ? nodeFiles : suspending;
const store = await openStore({ folder, tenantId, foldAt: 20_000, files });
writeSync(1, "open\n");
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(store, writer)));
