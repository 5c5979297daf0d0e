import { Low } from "lowdb";
import { JSONFile } from "lowdb/node";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AgentExecution } from "../../../schemas/execution.ts";
import { openStore } from "../../../server/store/open.ts";
import { peers } from "../peers.ts";
import { execution, idOf, tenantId } from "./record.ts";

/** A store with `size` records in it; `commit` replaces one and resolves when that is durable. */
export interface Contender {
  commit: (record: AgentExecution) => Promise<void>;
  close: () => Promise<void>;
}
export type Open = (folder: string, size: number) => Promise<Contender>;

export const openOurs: Open = async (folder, size) => {
  const filled = await openStore({ folder, tenantId });
  for (let from = 0; from < size; from += 500)
    await filled.commit((transaction) => {
      for (let number = from; number < Math.min(size, from + 500); number += 1)
        transaction.put("executions", execution(number));
    });
  // So that the folding of all these is not measured with what follows, as SQLite's checkpoint is not.
  await filled.close();
  const store = await openStore({ folder, tenantId });
  return {
    commit: (record) =>
      store.commit((transaction) => {
        transaction.put("executions", record);
      }),
    close: () => store.close(),
  };
};

export const openJsonFile: Open = async (folder, size) => {
  const data = Object.fromEntries(Array.from({ length: size }, (_, n) => [idOf(n), execution(n)]));
  const low = new Low(new JSONFile<Record<string, AgentExecution>>(join(folder, "lowdb.json")), data);
  await low.write();
  return {
    commit: (record) =>
      low.update((records) => {
        records[record.execution_id] = record;
      }),
    close: () => Promise.resolve(),
  };
};

/** The floor: nothing but bytes at the end of a file. */
export const openAppend: Open = async (folder) => {
  const handle = await openFile(join(folder, "append"), "a");
  return {
    commit: async (record) => {
      await handle.write(`${JSON.stringify(record)}\n`);
      await handle.datasync();
    },
    close: () => handle.close(),
  };
};

/** What of a peer's interface is used. */
const method = z.custom<(...parameters: unknown[]) => unknown>((value) => typeof value === "function");
const constructor = z.custom<new (path: string) => unknown>((value) => typeof value === "function");
const callable = (target: unknown, name: string) =>
  method.parse(Reflect.get(Object(target) as object, name)).bind(target);

export const openSqlite: Open = (folder, size) => {
  const Database = constructor.parse(peers("better-sqlite3"));
  const database = new Database(join(folder, "state.db"));
  const run = (sql: string) => callable(database, "exec")(sql);
  run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  run("CREATE TABLE executions (id TEXT PRIMARY KEY, task TEXT, instance TEXT, status TEXT, json TEXT)");
  for (const column of ["task", "instance", "status"])
    run(`CREATE INDEX executions_by_${column} ON executions (${column})`);
  const statement = callable(database, "prepare")("INSERT OR REPLACE INTO executions VALUES (?, ?, ?, ?, ?)");
  const put = callable(statement, "run");
  const write = (record: AgentExecution): void => {
    const { execution_id, task_id, instance_id, status } = record;
    put(execution_id, task_id, instance_id, status, JSON.stringify(record));
  };
  run("BEGIN");
  for (let number = 0; number < size; number += 1) write(execution(number));
  run("COMMIT");
  return Promise.resolve({
    commit: (record) => {
      write(record);
      return Promise.resolve();
    },
    close: () => {
      callable(database, "close")();
      return Promise.resolve();
    },
  });
};

export const openLmdb: Open = async (folder, size) => {
  const root = callable(peers("lmdb"), "open")({ path: join(folder, "lmdb"), encoding: "string" });
  const put = callable(root, "put");
  const flushed = () => Promise.resolve(Reflect.get(Object(root) as object, "flushed"));
  for (let number = 0; number < size; number += 1) void put(idOf(number), JSON.stringify(execution(number)));
  await flushed();
  return {
    commit: async (record) => {
      await put(record.execution_id, JSON.stringify(record));
      await flushed();
    },
    close: async () => {
      await callable(root, "close")();
    },
  };
};
