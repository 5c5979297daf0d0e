/** A process that opens a folder and says on stdout how long that took and what it costs to hold. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { z } from "zod";
import { openStore } from "../../../server/store/open.ts";
import { longestTurn } from "./measure.ts";
import { tenantId } from "./record.ts";

setFlagsFromString("--expose-gc");
const collect = z.custom<() => void>((value) => typeof value === "function").parse(runInNewContext("gc"));
const used = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const [, , folder = ""] = process.argv;
const before = used();
const jsonBytes = statSync(join(folder, "state.json")).size;
const cpu = process.threadCpuUsage();
const begin = performance.now();
let opened: Awaited<ReturnType<typeof openStore>> | null = null;
const block = await longestTurn(async () => {
  opened = await openStore({ folder, tenantId });
});
const milliseconds = performance.now() - begin;
const { user, system } = process.threadCpuUsage(cpu);
const store = z.custom<Awaited<ReturnType<typeof openStore>>>().parse(opened);
const bytes = used() - before;
const busy = (user + system) / 1000;
process.stdout.write(JSON.stringify({ milliseconds, busy, block, bytes, jsonBytes }));
await store.close();
