import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { comparedGroups, installPeers } from "./peers.ts";
import { jsonReport, type Report, tableReport } from "./report.ts";

/** `npm run bench [-- GROUP …] [--json]`: every group is a file beside this one. */
const Group = z.object({
  default: z.custom<(report: Report) => Promise<void>>((value) => typeof value === "function"),
});
const own = new Set(["main.ts", "peers.ts", "report.ts"]);
const groups = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && !own.has(file))
  .map((file) => file.slice(0, -".ts".length))
  .sort();

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((group) => !groups.includes(group));
if (unknown.length > 0) {
  process.stderr.write(`There is no group ${unknown.join(", ")}; there are ${groups.join(", ")}.\n`);
  process.exit(2);
}

const write = (text: string) => void process.stdout.write(text);
const wanted = positionals.length > 0 ? positionals : groups;
if (wanted.some((group) => comparedGroups.has(group))) await installPeers();
for (const group of wanted) {
  if (!values.json) write(`\n${group}\n`);
  const { default: run } = Group.parse(await import(`./${group}.ts`));
  await run(values.json ? jsonReport(group, write) : tableReport(write));
}
// A group that measured a server of its own may have left a socket open.
process.exit(0);
