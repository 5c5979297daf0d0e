import type { GateContext } from "./gate.ts";
import { testBodyOf } from "./test-text.ts";

const literal =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|-?\b\d[\w.]*\b|\b(?:true|false|True|False)\b/g;

/** The text of a test without its values. */
const shapeOf = (body: string): string => body.replace(literal, "").replace(/\s+/g, "");

/**
 * The removed tests that have another name and other values now: what they ask for changed with the code. The new test
 * was proven to fail with the code before the change.
 *
 * @param present the tests that were there before the change, which take the place of no other test
 */
export const underAnotherName = async (
  context: GateContext,
  gone: readonly string[],
  present: ReadonlySet<string>,
): Promise<ReadonlySet<string>> => {
  const added = (context.provenTests?.proven ?? []).filter((id) => !present.has(id));
  const renamed = new Set<string>();
  const taken = new Set<string>();
  for (const id of gone) {
    const [path = ""] = id.split(" > ");
    if (!context.after.has(path)) continue;
    const [before, after] = [(await context.readBase(path)) ?? "", (await context.readText(path)) ?? ""];
    const old = testBodyOf(path, before, id);
    if (old === null) continue;
    const next = added.find((each) => {
      const body = taken.has(each) || !each.startsWith(`${path} > `) ? null : testBodyOf(path, after, each);
      return body !== null && shapeOf(body) === shapeOf(old);
    });
    if (next === undefined) continue;
    taken.add(next);
    renamed.add(id);
  }
  return renamed;
};
