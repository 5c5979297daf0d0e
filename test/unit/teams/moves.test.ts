import assert from "node:assert/strict";
import { hunksOf, writtenLines, type ChangedSource } from "../../../server/teams/gates/hunks.ts";
import { comparedWithOldPlace, followsMove, movesIn } from "../../../server/teams/gates/moves.ts";

const sum = "export const sum = (values) => values.reduce((a, b) => a + b, 0);\n";
const moved: ChangedSource[] = [
  { path: "lib/sum.js", before: sum, after: null },
  { path: "lib/math/sum.js", before: null, after: sum },
];
const naming = (before: string, after: string): ChangedSource => ({ path: "lib/index.js", before, after });
const old = 'export { sum } from "./sum.js";\n';

/** The paths of the pieces that are not a consequence of a move. */
const judged = (...sources: ChangedSource[]): string[] => {
  const moves = movesIn(sources);
  return sources.flatMap((source) =>
    hunksOf(source)
      .filter((hunk) => !followsMove(hunk, moves))
      .map(({ path }) => path),
  );
};

describe("pieces of a change that follow moved files", () => {
  it("are the old file, and its new name where others import it", () => {
    const index = naming(old, 'export { sum } from "./math/sum.js";\n');
    assert.deepEqual(judged(...moved, index), ["lib/math/sum.js"]);
    const python = [
      { path: "app/dates.py", before: "def day():\n    return 1\n", after: null },
      { path: "app/times/calendar.py", before: null, after: "def day():\n    return 1\n" },
      {
        path: "app/main.py",
        before: "from app.dates import day\n",
        after: "from app.times.calendar import day\n",
      },
    ];
    assert.deepEqual(judged(...python), ["app/times/calendar.py"]);
  });

  it("are none where the line changes in another way, too", () => {
    const index = naming(old, 'export { sum, mean } from "./math/sum.js";\n');
    assert.deepEqual(judged(...moved, index), ["lib/math/sum.js", "lib/index.js"]);
  });

  it("are the old file if the new one has its name and other code, but not if it is a file of its folder", () => {
    const rewritten = (name: string): ChangedSource[] => [
      { path: `app/${name}`, before: "def day():\n    return 1\n", after: null },
      { path: `app/times/${name}`, before: null, after: "class Day:\n    number = 1\n" },
    ];
    assert.deepEqual(judged(...rewritten("day.py")), ["app/times/day.py"]);
    assert.deepEqual(judged(...rewritten("__init__.py")), ["app/__init__.py", "app/times/__init__.py"]);
  });

  it("are none where a file is deleted and another one is added", () => {
    const other = { path: "lib/mean.js", before: null, after: "export const mean = () => 0;\n" };
    const deleted = { path: "lib/sum.js", before: sum, after: null };
    assert.deepEqual(judged(deleted, other), ["lib/sum.js", "lib/mean.js"]);
  });
});

describe("lines of a moved file", () => {
  it("are written by the change only where they differ from the old place", () => {
    const [from, to] = moved;
    assert.ok(from !== undefined && to !== undefined);
    const longer = { ...to, after: `${sum}export const none = 0;\n` };
    const written = (source: ChangedSource) =>
      comparedWithOldPlace([from, source])
        .filter(({ after }) => after !== null)
        .flatMap(writtenLines);
    assert.deepEqual(written(to), []);
    assert.deepEqual(written(longer), [{ from: 2, to: 2 }]);
    assert.deepEqual(writtenLines(longer), [{ from: 1, to: 3 }]);
  });
});
