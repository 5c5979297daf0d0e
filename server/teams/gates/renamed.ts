import type { GateContext } from "./gate.ts";
import { testBodiesIn } from "./test-text.ts";

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
  for (const path of new Set(gone.map((id) => id.split(" > ")[0] ?? ""))) {
    if (!context.after.has(path)) continue;
    const isInFile = (id: string): boolean => id.startsWith(`${path} > `);
    const bodyBefore = testBodiesIn(path, (await context.readBase(path)) ?? "");
    const bodyAfter = testBodiesIn(path, (await context.readText(path)) ?? "");
    // Each of these takes the place of one removed test.
    const shapes = added
      .filter(isInFile)
      .flatMap((id) => bodyAfter(id) ?? [])
      .map(shapeOf);
    for (const id of gone.filter(isInFile)) {
      const body = bodyBefore(id);
      const at = body === null ? -1 : shapes.indexOf(shapeOf(body));
      if (at < 0) continue;
      shapes.splice(at, 1);
      renamed.add(id);
    }
  }
  return renamed;
};
