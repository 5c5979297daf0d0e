import type { FileChange } from "../../../schemas/changes.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { Finding } from "../../../schemas/findings.ts";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { TestCase } from "../../../schemas/tests.ts";
import { putFinding } from "../../metrics/acceptance.ts";
import type { Store } from "../../store/store.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import type { GateContext } from "../gates/gate.ts";
import { crashesInCode } from "../gates/red.ts";
import { failures, probeOf, unusable } from "../gates/test-run.ts";

type Proof = NonNullable<Finding["proof"]>;
type Context = Pick<
  GateContext,
  "ground" | "layout" | "changes" | "after" | "budgetMs" | "exists" | "readText" | "now" | "signal"
>;

const change = (path: string, text: string): FileChange => ({
  path,
  before: null,
  content: toFileContent(Buffer.from(text)),
  executable: false,
});

/** The state with these files added or replaced. */
const withFiles = (changes: readonly FileChange[], files: readonly FileChange[]): FileChange[] => {
  const paths = new Set(files.map(({ path }) => path));
  return [...changes.filter(({ path }) => !paths.has(path)), ...files];
};

/**
 * Whether the failure is about the code: an assertion, or a crash of the code. A missing name does not
 * count, because the code exists. Some runners do not say why a test fails.
 */
const showsDefect = (test: TestCase, layout: TestLayout): boolean =>
  test.failure === undefined || test.failure === "assertion" || crashesInCode(test, layout);

/** Whether a test of the reproduction fails for the described reason in a state, or why this is unknown. */
const failsOn = async (
  context: Context,
  path: string,
  changes: readonly FileChange[],
): Promise<{ fails: boolean; reason: string }> => {
  await context.ground.prepare(changes);
  const report = await context.ground.runTests({ files: [path], coverage: false, probe: probeOf(context) });
  const problem = unusable(report, context);
  if (problem !== null) return { fails: false, reason: problem.reason };
  if (report.runner === "command")
    return { fails: false, reason: "The project's test command does not say which test failed." };
  const failed = failures(report);
  if (failed.length === 0) return { fails: false, reason: "Its test passes." };
  return failed.some((test) => showsDefect(test, context.layout))
    ? { fails: true, reason: "Its test fails." }
    : { fails: false, reason: "Its test fails by an error of its own, and not by an assertion." };
};

/** The state with the fix of the finding; null if it has none that can be tried. */
const fixedState = async (
  context: Context,
  { path, fix }: Pick<Finding, "path" | "fix">,
  changes: readonly FileChange[],
): Promise<FileChange[] | null> => {
  const text = fix === null ? null : await context.readText(path);
  if (fix === null || text === null) return null;
  return withFiles(changes, [
    change(
      path,
      text.replace(fix.old_text, () => fix.new_text),
    ),
  ]);
};

const proofOf = async (context: Context, finding: Finding, path: string, content: string): Promise<Proof> => {
  if (await context.exists(path)) return { proven: false, reason: `${path} exists already.` };
  const state = withFiles(context.changes, [change(path, content)]);
  const today = await failsOn(context, path, state);
  if (!today.fails) return { proven: false, reason: today.reason };
  const fixed = await fixedState(context, finding, state);
  if (fixed === null) return { proven: true, reason: "Its test fails on the changed code." };
  const then = await failsOn(context, path, fixed);
  return then.fails
    ? { proven: false, reason: "Its test fails with the proposed fix as well." }
    : { proven: true, reason: "Its test fails on the changed code and passes with the fix." };
};

/**
 * Runs the reproductions of the findings, each alone on the state that was reviewed, and stores the results. A
 * finding stays unproven if it has no reproduction or the budget of the gates is used up.
 */
export const proveFindings = async (
  context: Context,
  findings: readonly Finding[],
  { store, emit }: { store: Store; emit: (event: RuntimeEvent) => void },
): Promise<void> => {
  const started = performance.now();
  const open = findings.flatMap((finding) =>
    finding.reproduction == null || finding.proof != null
      ? []
      : [{ finding, reproduction: finding.reproduction }],
  );
  if (open.length === 0) return;
  for (const { finding, reproduction } of open) {
    const proof =
      performance.now() - started > context.budgetMs
        ? { proven: false, reason: "Its test was not run: the time was up." }
        : await proofOf(context, finding, reproduction.path, reproduction.content);
    const judged = { ...finding, proof, updated_at: context.now() };
    await store.commit((transaction) => {
      putFinding(transaction, judged);
    });
    emit({ type: "finding.changed", at: context.now(), task_id: finding.task_id, finding: judged });
  }
  await context.ground.prepare(context.changes);
};
