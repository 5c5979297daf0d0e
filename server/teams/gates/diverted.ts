import { posix } from "node:path";
import { withTexts } from "./can-fail.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import { changedSources } from "./hunks.ts";
import { named, newTestFiles, probeOf } from "./test-run.ts";

const script = /\.[cm]?[jt]sx?$/;
const isCode = (path: string): boolean => script.test(path) || path.endsWith(".py");

/** What a file loads from the project, with the names that it gives to it. Types alone are not loaded. */
const loads = [
  /^import\s+(?!type\b)([^"';]*?)\s+from\s+["'](?:\.|@\/|~|#)[^"']*["']/gm,
  /^(?:const|let|var)\s+([^=;]+?)\s*=\s*require\(\s*["']\.[^"']*["']\s*\)/gm,
  /^from\s+[\w.]+\s+import\s+([^#\n]+)/gm,
  /^import\s+([\w., ]+)$/gm,
];
const name = /[A-Za-z_$][\w$]*/g;

/** Whether a test file calls what it loads, so that it needs the file. */
const callsWhatItLoads = (text: string): boolean => {
  const names = loads.flatMap((load) =>
    [...text.matchAll(load)].flatMap(([, found = ""]) => found.match(name) ?? []),
  );
  return [...new Set(names)].some((each) =>
    new RegExp(`(?<![\\w$.])${each.replaceAll("$", "\\$")}\\s*[.(]`).test(text),
  );
};

/** The text of a source that cannot be loaded. */
const broken = (path: string): string =>
  path.endsWith(".py")
    ? 'raise RuntimeError("this file was replaced for a moment")\n'
    : 'throw new Error("this file was replaced for a moment");\n';

/**
 * New tests that pass although no source that they import can be loaded, because a configuration, a mock or a set-up
 * file puts other code of the change in its place. Null if there are none.
 */
export const diverted = async (context: GateContext): Promise<Measured | null> => {
  const proven = context.provenTests?.proven ?? [];
  const files = newTestFiles(context).filter(isCode);
  const texts = await Promise.all(
    files.map(async (path) => ({ path, text: (await context.readText(path)) ?? "" })),
  );
  const calling = texts.filter(({ text }) => callsWhatItLoads(text)).map(({ path }) => path);
  if (calling.length === 0 || proven.length === 0) return null;
  const tested = new Set(((await context.testedSources?.(calling)) ?? []).filter(isCode));
  // Code that a test names may run in a process of its own.
  const isNamed = (path: string): boolean =>
    texts.some(({ text }) => text.includes(posix.basename(path, posix.extname(path))));
  const elsewhere = (await changedSources(context)).filter(
    ({ path, after }) => after !== null && isCode(path) && !tested.has(path) && !isNamed(path),
  );
  if (tested.size === 0 || elsewhere.length === 0) return null;
  const sources = [...tested].map((path) => ({ path, text: broken(path) }));
  await context.ground.prepare(withTexts(context.changes, sources));
  const report = await context.ground.runTests({ files: calling, coverage: false, probe: probeOf(context) });
  await context.ground.prepare(context.changes);
  // A build that fails with them leaves what it built before, and tests may pass on that.
  if (report.errors.some(({ build }) => build !== undefined)) return null;
  const passed = named(report, "passed");
  const deceived = proven.filter((id) => passed.has(id));
  if (deceived.length === 0) return null;
  return {
    held: false,
    reason: `${quantity(deceived.length, "new test passes", "new tests pass")} without the files that the tests import: other code runs in their place.`,
    evidence: [
      ...deceived.map((id) => `passes without ${[...tested].join(", ")}: ${id}`),
      ...elsewhere.map(({ path }) => `changed, and not imported by the tests: ${path}`),
    ],
    ...measuredRun(report),
  };
};
