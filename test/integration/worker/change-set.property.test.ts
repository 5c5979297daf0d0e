import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { CoditectError } from "../../../schemas/errors.ts";
import { fromFileContent } from "../../../server/workspace/encoding.ts";
import { collectChanges, undoStrayChanges } from "../../../server/worker/copy/changes.ts";
import { privateCopy, type PrivateCopy } from "../../../server/worker/copy/copy.ts";
import { prepare } from "../../../server/worker/copy/prepare.ts";
import { writablePath, writeText } from "../../../server/worker/tools/files.ts";
import { makeEdit, type Edit } from "./edits.ts";
import { clear, readTree, temporaryFolder, writeTree, type Tree } from "./tree.ts";

const { signal } = new AbortController();

/** Names that programs give their by-products, names that are ignored, and ordinary ones. */
const name = fc.constantFrom("src", "coverage", ".cache", "test-results", "dist", "a.ts", "b.log", "c.snap");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const text = fc.constantFrom("one", "two", "");
const rules = fc.subarray(["dist/", "*.log", "coverage", "/src/*", "!/src/a.ts", "test-results"]);

const strayEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constant("write" as const), path, bytes: text.map((each) => Buffer.from(each)) }),
  fc.record({ do: fc.constant("remove" as const), path }),
  fc.record({ do: fc.constant("mode" as const), path }),
);
type Step = { by: "agent"; path: string; text: string } | { by: "tests"; edits: Edit[] };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ by: fc.constant("agent" as const), path, text }),
  fc.record({ by: fc.constant("tests" as const), edits: fc.array(strayEdit, { maxLength: 4 }) }),
);

/** Writes as the tools do; says whether it was not refused. */
const agentWrites = (copy: PrivateCopy, asked: string, content: string): boolean => {
  try {
    writeText(copy, "all", writablePath(copy, "all", asked), { text: content, encoding: "utf8" }, false);
    return true;
  } catch (error) {
    // Ignored, a folder of that name, or a file where a folder would have to be.
    if (error instanceof CoditectError || (error instanceof Error && "syscall" in error)) return false;
    throw error;
  }
};

describe("change set, for any tree, ignore rules, and writes of agents and tests", () => {
  let place: string;
  beforeEach(() => {
    place = temporaryFolder("change-set");
  });
  afterEach(() => {
    clear(place);
  });

  it("is exactly what the agents' tools wrote", async () => {
    let round = 0;
    const files = fc.array(fc.record({ path, text }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(files, rules, fc.array(step, { maxLength: 8 }), async (tree, ignored, steps) => {
        const folder = join(place, String((round += 1)));
        const source = join(folder, "source");
        mkdirSync(source, { recursive: true });
        for (const { path: at, text: content } of tree) {
          makeEdit(source, { do: "write", path: at, bytes: Buffer.from(content) });
        }
        writeTree(source, { ".gitignore": ignored.join("\n") });
        const copy = privateCopy(source, join(folder, "copy"));
        await prepare(copy, { overlays: [], changes: [] }, signal);
        const original = readTree(copy.root);
        const written: Tree = {};
        for (const [index, each] of steps.entries()) {
          if (each.by === "agent") {
            if (agentWrites(copy, each.path, each.text)) written[each.path] = each.text;
          } else {
            for (const edit of each.edits) makeEdit(copy.root, edit);
            if (index < steps.length - 1) await undoStrayChanges(copy, signal);
          }
        }
        const { changes } = await collectChanges(copy, "all", signal);
        const wanted = Object.entries(written).filter(([at, content]) => original[at] !== content);
        assert.deepEqual(
          Object.fromEntries(changes.map((change) => [change.path, textOf(change.content)])),
          Object.fromEntries(wanted),
        );
        // What nobody wrote is there as it was, whatever tests did to it.
        const after = readTree(copy.root);
        for (const at of Object.keys(original)) assert.equal(after[at], written[at] ?? original[at], at);
      }),
      {
        numRuns: 150,
        examples: [
          // An agent writes what tests had left there already, byte for byte.
          [
            [],
            [],
            [
              { by: "tests", edits: [{ do: "write", path: ".cache", bytes: Buffer.from("one") }] },
              { by: "agent", path: ".cache", text: "one" },
            ],
          ],
        ],
      },
    );
  });
});

const textOf = (content: Parameters<typeof fromFileContent>[0] | null): string | null =>
  content === null ? null : fromFileContent(content).toString("utf8");
