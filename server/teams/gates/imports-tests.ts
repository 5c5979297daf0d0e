import { posix } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import { changedSources } from "./hunks.ts";
import { newTestFiles } from "./test-run.ts";

/** What a source loads by a relative path, without the query with which bundlers give its text. */
const loaded = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](\.[^"'?]*)(?:\?[^"']*)?["']/g;

const withoutExtension = (path: string): string => path.replace(/\.[cm]?[jt]sx?$/, "");

const loadsTypes = /^[^\S\n]*(?:import|export)\s+type\b[^;]*?\bfrom\s*["'][^"']*["']/gm;
/** What a source in Python loads. */
const loadedByPython = /^[^\S\n]*(?:from\s+\.*([\w.]+)\s+import\b|import\s+([\w.]+))/gm;

/** Paths that a source may load, without the extensions of scripts. */
const placesLoaded = (path: string, text: string): string[] =>
  path.endsWith(".py")
    ? [...text.matchAll(loadedByPython)].map(
        ([, from, whole = ""]) => `${(from ?? whole).replaceAll(".", "/")}.py`,
      )
    : [...text.replace(loadsTypes, "").matchAll(loaded)].map(([, specifier = ""]) =>
        withoutExtension(posix.join(posix.dirname(path), specifier)),
      );

/**
 * Changed sources under test that newly load a helper or a set-up file of the tests, which the change brings: no gate
 * looks for answers in those, and nobody uses them outside of the tests. Null if there are none.
 */
export const importsHelpers = async (context: GateContext, report: TestReport): Promise<Measured | null> => {
  const helpers = [...context.after].flatMap(([path, hash]) =>
    hash !== null && classifyPath(path, context.layout).startsWith("test") ? [path] : [],
  );
  if (helpers.length === 0) return null;
  const tested = new Set(await context.testedSources?.(newTestFiles(context)));
  const sources = (await changedSources(context)).filter(({ path }) => tested.has(path));
  const found = sources.flatMap(({ path, before, after }) => {
    const old = placesLoaded(path, before ?? "");
    return placesLoaded(path, after ?? "").flatMap((place) => {
      const helper = helpers.find((each) => each === place || withoutExtension(each) === place);
      return helper === undefined || old.includes(place) ? [] : [`${path} imports ${helper}`];
    });
  });
  if (found.length === 0) return null;
  return {
    held: false,
    reason: `${found[0] ?? ""}, which belongs to the tests: code that is used must not come from there.`,
    evidence: found,
    ...measuredRun(report),
  };
};

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
