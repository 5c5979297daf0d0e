import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import type { FileChange } from "../../../schemas/changes.ts";
import { bench, change, owner } from "../../unit/changes/support.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;

/** Texts with what diffs get wrong: no last line end, both kinds of line ends, equal lines, a BOM. */
const text = fc
  .tuple(
    fc.constantFrom("", "\ufeff"),
    fc.array(fc.constantFrom("a\n", "b\r\n", "+c\n", "--- d\n", "\n", "ü 漢\n", "@@ -1 +1 @@\n"), {
      maxLength: 12,
    }),
    fc.constantFrom("", "end"),
  )
  .map(([mark, lines, end]) => mark + lines.join("") + end);
const name = fc.constantFrom("a.ts", "b c.ts", "dir/ü.ts", 'quo"te.ts', "-dash.ts", "tab\tname.ts");
const files = fc.dictionary(name, text, { maxKeys: 5, noNullPrototype: true });

describe("the text form of a change set", () => {
  before(function () {
    if (!hasGit) this.skip();
  });

  it("is applied by git to exactly what it says, and taken back again", async () => {
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        const at = await bench(before);
        const list: FileChange[] = [...new Set([...Object.keys(before), ...Object.keys(after)])]
          .map((path) => change(path, before[path] ?? null, after[path] ?? null))
          .filter(({ path }) => before[path] !== after[path]);
        const diff = await at.changes.diff(await at.changes.build(owner, list, []));
        const git = (...args: string[]) =>
          execFileSync("git", ["-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", ...args], {
            cwd: at.workspace.root,
            input: diff,
            stdio: ["pipe", "ignore", "pipe"],
          });
        const present = async () => {
          const paths = await at.workspace.list();
          return Object.fromEntries(
            await Promise.all(paths.map(async (path) => [path, await at.workspace.read(path)] as const)),
          );
        };
        if (list.length > 0) git();
        assert.deepEqual(await present(), after);
        if (list.length > 0) git("--reverse");
        assert.deepEqual(await present(), before);
        await at.workspace.remove();
      }),
      { numRuns: 60 },
    );
  });
});
