import { writeFile } from "node:fs/promises";
import { runSuite } from "./suite.ts";

/** Runs the suite and writes what came of it where the test outside looks for it. */
export const activate = async (): Promise<void> => {
  const target = process.env.CODITECT_HOST_RESULT;
  if (target === undefined) return;
  const results = await runSuite().catch((error: unknown) => [
    {
      title: "the suite itself",
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    },
  ]);
  await writeFile(target, JSON.stringify(results));
};
