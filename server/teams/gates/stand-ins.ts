import { posix } from "node:path";
import { functionsIn } from "./functions.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import type { ChangedSource } from "./hunks.ts";
import { named, newTestFiles } from "./test-run.ts";
import { awaitsError, testBodiesIn } from "./test-text.ts";
import { canThrow, runThrowing, wholly } from "./throwing.ts";

const withoutExtension = (path: string): string => path.replace(/(?:\/index)?\.[cm]?[jt]sx?$/, "");

/** What a test in JavaScript puts in the place of a module. */
const mocked = /\b(?:mock|doMock|unstable_mockModule|module)\(\s*["'](\.[^"']*)["']/g;

/** Whether the test file replaces one of these functions, or a module of the changed sources. */
const replacesOne = (
  { path, text }: { path: string; text: string },
  names: readonly string[],
  sources: readonly ChangedSource[],
): boolean => {
  const anyName = names.map((name) => name.replaceAll("$", "\\$")).join("|");
  if (path.endsWith(".py"))
    return new RegExp(`\\b(?:setattr|patch(?:\\.object)?)\\s*\\([^)]*["'.](?:${anyName})["']`).test(text);
  const changed = new Set(sources.map((source) => withoutExtension(source.path)));
  const ofModule = [...text.matchAll(mocked)].some(([, specifier = ""]) =>
    changed.has(withoutExtension(posix.join(posix.dirname(path), specifier))),
  );
  const ofFunction = new RegExp(
    `\\b(?:spyOn|method|stub|replace|replaceProperty)\\(\\s*[\\w$.]+\\s*,\\s*["'](?:${anyName})["']|[\\w$]\\.(?:${anyName})\\s*=(?![=>])`,
  );
  return ofModule || ofFunction.test(text);
};

/** Test files that put something in the place of the changed code. */
const replacing = async (context: GateContext, sources: readonly ChangedSource[]): Promise<string[]> => {
  const names = sources
    .filter(({ path }) => canThrow(path))
    .flatMap(({ path, after }) => functionsIn(path, after ?? "").map(({ name }) => name));
  if (names.length === 0) return [];
  const texts = await Promise.all(
    newTestFiles(context)
      .filter(canThrow)
      .map(async (path) => ({ path, text: (await context.readText(path)) ?? "" })),
  );
  return texts.filter((file) => replacesOne(file, names, sources)).map(({ path }) => path);
};

/**
 * New tests that replace the changed code by other code and never call it. They pass even if each function of the
 * changed sources throws. Null if there are none.
 */
export const standIns = async (
  context: GateContext,
  sources: readonly ChangedSource[],
): Promise<Measured | null> => {
  if (context.provenTests === null) return null;
  const files = await replacing(context, sources);
  const whole = sources.flatMap(({ path, after }) =>
    after === null || !canThrow(path) ? [] : [wholly({ path, text: after })],
  );
  const report = files.length === 0 ? null : await runThrowing(context, whole, { files, any: true });
  if (report === null) return null;
  const passed = named(report, "passed");
  const bodies = new Map(
    await Promise.all(
      files.map(async (path) => {
        const text = (await context.readText(path)) ?? "";
        return [path, { text, bodyOf: testBodiesIn(path, text) }] as const;
      }),
    ),
  );
  const expectsError = (id: string): boolean =>
    [...bodies].some(
      ([path, { text, bodyOf }]) => id.startsWith(`${path} > `) && awaitsError(bodyOf(id) ?? text),
    );
  const deceived = context.provenTests.proven.filter((id) => passed.has(id) && !expectsError(id));
  if (deceived.length === 0) return null;
  return {
    held: false,
    reason: `${quantity(deceived.length, "new test replaces", "new tests replace")} the changed code with other code and never ${deceived.length === 1 ? "calls" : "call"} it.`,
    evidence: deceived.map((id) => `tests a stand-in: ${id}`),
    concerns: "tests",
    ...measuredRun(report),
  };
};
