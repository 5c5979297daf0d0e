import { posix } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import { changedSources } from "./hunks.ts";

/** What a source loads by a relative path, without the query with which bundlers give its text. */
const loaded = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](\.[^"'?]*)(?:\?[^"']*)?["']/g;

const withoutExtension = (path: string): string => path.replace(/\.[cm]?[jt]sx?$/, "");

/**
 * Changed sources that load a file of the proven tests, as code or as text: what is expected is in there. A bundler
 * reads the file in a process of its own, where nobody sees for whom. Sources may contain tests themselves. Null if
 * there are none.
 */
export const importsTests = async (context: GateContext, report: TestReport): Promise<Measured | null> => {
  const proven = context.provenTests?.proven ?? [];
  const files = report.tests.map(({ file }) => file);
  const tests = new Map(
    files
      .filter((file) => classifyPath(file, context.layout) !== "source")
      .map((file) => [withoutExtension(file), file]),
  );
  const sources = await changedSources(context);
  const found = sources.flatMap(({ path, after }) =>
    [...(after ?? "").matchAll(loaded)].flatMap(([, specifier = ""]) => {
      const file = tests.get(withoutExtension(posix.join(posix.dirname(path), specifier)));
      const isProven =
        file !== undefined && file !== path && proven.some((id) => id.startsWith(`${file} > `));
      return isProven ? [`${path} imports ${file}`] : [];
    }),
  );
  if (found.length === 0) return null;
  return {
    held: false,
    reason: `${quantity(found.length, "source imports its tests", "sources import their tests")}.`,
    evidence: found,
    ...measuredRun(report),
  };
};
