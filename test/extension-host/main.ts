import { writeFile } from "node:fs/promises";
import { measure } from "./measure.ts";
import { runSuite } from "./suite.ts";

/** Runs the suite or measures, and writes what came of it where the test outside looks for it. */
export const activate = async (): Promise<void> => {
  const target = process.env.CODITECT_HOST_RESULT;
  if (target === undefined) return;
  const work = process.env.CODITECT_HOST_WORK === "measure" ? measure : runSuite;
  const results = await work().catch((error: unknown) => [
    {
      title: "the work itself",
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    },
  ]);
  await writeFile(target, JSON.stringify(results));
};
