import { classifyPath } from "../../workspace/classify.ts";
import { testId } from "./compare.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import { newTestFiles, probeOf } from "./test-run.ts";

/** Where a configuration says what changes code while it is loaded. */
const rewrites =
  /\b(?:transform|plugins|presets|loaders?|meta_path|path_hooks)\b|--(?:import|require|(?:experimental-)?loader)\b/;

/** Configurations of what compiles code, and of what starts tests. */
const compilers = /(^|\/)(?:package\.json|\.babelrc(?:\.\w+)?|\.swcrc|babel\.config\.\w+)$/;

const mayConfigure = (path: string): boolean => classifyPath(path) === "test-config" || compilers.test(path);

const rewritingLines = (text: string | null): string[] =>
  (text ?? "").split("\n").filter((line) => rewrites.test(line));

/** Changed configurations of tests that have a new place which changes code while it is loaded. */
const newlyRewriting = async (context: GateContext): Promise<string[]> => {
  const paths = [...context.after.keys()].filter(mayConfigure).sort();
  const all = await Promise.all(
    paths.map(async (path) => {
      const before = rewritingLines(await context.readBase(path));
      return rewritingLines(await context.readText(path)).every((line) => before.includes(line))
        ? []
        : [path];
    }),
  );
  return all.flat();
};

/**
 * New tests that fail by their own assertions if the configuration is as it was before: then what it adds to the code
 * decides their result, and not the code. Code that only needs to be compiled fails by other errors. Null if there
 * are none.
 */
export const transformed = async (context: GateContext): Promise<Measured | null> => {
  const proven = context.provenTests?.proven ?? [];
  const configurations = proven.length === 0 ? [] : await newlyRewriting(context);
  if (configurations.length === 0) return null;
  await context.ground.prepare(context.changes.filter(({ path }) => !configurations.includes(path)));
  const report = await context.ground.runTests({
    files: newTestFiles(context),
    coverage: false,
    probe: probeOf(context),
  });
  await context.ground.prepare(context.changes);
  const ids = new Set(proven);
  const failed = report.tests.filter(
    (test) => test.status === "failed" && test.failure === "assertion" && ids.has(testId(test)),
  );
  if (failed.length === 0) return null;
  return {
    held: false,
    reason: `${quantity(failed.length, "new test passes", "new tests pass")} only because ${configurations.join(", ")} changes the code while it is loaded.`,
    evidence: failed.map((test) => `fails without ${configurations.join(", ")}: ${testId(test)}`),
    ...measuredRun(report),
  };
};
