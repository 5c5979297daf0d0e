import { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";
import type { StageWork, TeamParts } from "./stage-parts.ts";

const Duration = TestReport.pick({ duration_ms: true }).loose();

/** The duration of all tests before the last run that measured it; null if no stored run did. */
const earlierDuration = async ({ store }: Pick<TeamParts, "store">): Promise<number | null> => {
  const hash = store.all("runs").findLast(({ baseline }) => baseline !== null)?.baseline;
  if (hash == null) return null;
  try {
    return Duration.parse(JSON.parse((await store.objects.get(hash)).toString("utf8"))).duration_ms;
  } catch {
    // Without it, only the displayed duration is missing.
    return null;
  }
};

/**
 * Wraps a proving ground so that it reports when all tests of the project start and about how long they take.
 */
export const announcingSuite = (
  ground: ProvingGround,
  parts: Pick<TeamParts, "store" | "emit" | "now">,
  { execution, baseline }: Pick<StageWork, "execution" | "baseline">,
): ProvingGround => ({
  ...ground,
  runTests: async (request) => {
    if (request.files !== null || request.name !== undefined) return ground.runTests(request);
    const { task_id, execution_id } = execution;
    const expected_ms = baseline.read()?.duration_ms ?? (await earlierDuration(parts));
    parts.emit({ type: "suite.started", at: parts.now(), task_id, execution_id, expected_ms });
    try {
      return await ground.runTests(request);
    } finally {
      parts.emit({ type: "suite.ended", at: parts.now(), task_id, execution_id });
    }
  },
});
