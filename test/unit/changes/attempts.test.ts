import assert from "node:assert/strict";
import fc from "fast-check";
import { entriesBetween } from "../../../server/changes/attempts.ts";
import type { Entry } from "../../../server/changes/build.ts";

type State = Record<string, string>;

const states = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2", "3"));

const changeOf = (from: State, to: State): Entry[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((path) => from[path] !== to[path])
    .map((path) => ({ path, before: from[path] ?? null, after: to[path] ?? null, executable: false }));

const byPath = (entries: readonly Entry[]): Entry[] =>
  [...entries].sort((one, other) => one.path.localeCompare(other.path));

describe("the difference between two attempts", () => {
  it("is the change from what the one left to what the other left", () => {
    fc.assert(
      fc.property(states, states, states, (workspace, one, other) => {
        const between = entriesBetween(changeOf(workspace, one), changeOf(workspace, other));
        assert.deepEqual(byPath(between), byPath(changeOf(one, other)));
      }),
    );
  });
});
