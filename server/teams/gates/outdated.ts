import type { FileChange } from "../../../schemas/changes.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { testId } from "./compare.ts";
import type { GateContext } from "./gate.ts";
import { missesOnly } from "./missing.ts";
import { probeOf } from "./test-run.ts";

/** The files in their state before the change, if they existed. */
const asBefore = async (context: GateContext, paths: readonly string[]): Promise<FileChange[]> => {
  const texts = await Promise.all(paths.map(async (path) => ({ path, text: await context.readBase(path) })));
  return texts.flatMap(({ path, text }) =>
    text === null
      ? []
      : [{ path, before: null, content: toFileContent(Buffer.from(text)), executable: false }],
  );
};

/**
 * The removed tests whose code the change removed, too. If they are restored, they lack a name that the change has
 * removed.
 */
export const withoutTheirCode = async (
  context: GateContext,
  gone: readonly string[],
): Promise<ReadonlySet<string>> => {
  const files = [...new Set(gone.map((id) => id.split(" > ")[0] ?? ""))].filter((path) =>
    context.after.has(path),
  );
  if (context.wholeChange === null || files.length === 0) return new Set();
  const restored = await asBefore(context, files);
  const before = await asBefore(context, [...context.after.keys()]);
  const paths = new Set(restored.map(({ path }) => path));
  await context.ground.prepare([...context.changes.filter(({ path }) => !paths.has(path)), ...restored]);
  const report = await context.ground.runTests({
    files: [...paths],
    coverage: false,
    probe: probeOf(context),
  });
  await context.ground.prepare(context.changes);
  const unloaded = new Set(
    report.load_errors
      .filter(({ message }) => missesOnly(message, before, context.layout))
      .map(({ file }) => file),
  );
  const missing = new Set(report.tests.filter(({ failure }) => failure === "missing").map(testId));
  return new Set(gone.filter((id) => missing.has(id) || unloaded.has(id.split(" > ")[0] ?? "")));
};
