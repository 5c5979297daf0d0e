import { z } from "zod";
import type { HostFigureName } from "../extension-host/measure.ts";
import { runInHost } from "../editor/host.ts";
import { installCodeServer } from "../../scripts/machine/code-server.ts";
import { missingPart } from "../editor/parts.ts";
import { median, percentile, type Report } from "./report.ts";

const Figures = z.array(z.object({ name: z.string(), values: z.array(z.number()).min(1) }));

/**
 * VS Code draws the next change of a tree no sooner than this after the last one, and extensions have
 * no other way into a tree: decorations of files come quicker by half and carry two letters.
 */
const TREE_PACE_MS = 200;

interface Goal {
  name: HostFigureName;
  unit: "ms" | "MB";
  limit: number;
  of: (values: readonly number[]) => number;
  says: string;
  against?: { name: string; value: number };
}

const goals: readonly Goal[] = [
  { name: "activation", unit: "ms", limit: 50, of: median, says: "the extension's code loaded and wired" },
  {
    name: "command to first progress, runtime stopped",
    unit: "ms",
    limit: 500,
    of: median,
    says: "the runtime's start with it",
  },
  { name: "command to first progress, runtime ready", unit: "ms", limit: 500, of: median, says: "" },
  { name: "runtime start to first answer", unit: "ms", limit: 300, of: median, says: "median of 5" },
  { name: "memory of 5,000 executions", unit: "MB", limit: 40, of: median, says: "above empty" },
  {
    name: "event to redrawn tree",
    unit: "ms",
    limit: 100,
    of: (values) => percentile(values, 99),
    says: "at 200 events/s, 99 of 100",
    against: { name: "VS Code's own pace", value: TREE_PACE_MS },
  },
  {
    name: "event to redrawn tree, one at a time",
    unit: "ms",
    limit: 100,
    of: (values) => percentile(values, 99),
    says: `after a pause longer than ${TREE_PACE_MS} ms, 99 of 100`,
  },
];

/** What the extension costs and how soon it answers, measured in the extension host of a real VS Code. */
export default async function run({ report }: Report): Promise<void> {
  await installCodeServer();
  const missing = missingPart();
  if (missing !== null) throw new Error(`The editor cannot be measured: ${missing}`);
  const text = await runInHost("measure", { "coditect.model.provider": "Rehearsal" });
  const figures = Figures.parse(JSON.parse(text));
  for (const { name, unit, limit, of, says, against = null } of goals) {
    const values = figures.find((figure) => figure.name === name)?.values;
    if (values === undefined) throw new Error(`The extension host did not measure: ${name}`);
    const value = of(values);
    const goal = `under ${limit} ${unit}${says === "" ? "" : `; ${says}`}`;
    report({ name, value, unit, against, goal, holds: value < limit });
  }
}
