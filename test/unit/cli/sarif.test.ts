import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { toSarif } from "../../../server/cli/sarif.ts";
import { finding } from "./events.ts";

const Region = z.looseObject({ startLine: z.int(), endLine: z.int() });
const Log = z.object({
  version: z.literal("2.1.0"),
  runs: z.tuple([
    z.object({
      tool: z.object({ driver: z.object({ rules: z.array(z.object({ id: z.string() })) }) }),
      results: z.array(
        z.object({
          ruleId: z.string(),
          ruleIndex: z.int(),
          level: z.string(),
          locations: z.tuple([
            z.object({
              physicalLocation: z.object({ artifactLocation: z.object({ uri: z.string() }), region: Region }),
            }),
          ]),
          fixes: z.array(z.unknown()).optional(),
        }),
      ),
    }),
  ]),
});

const text = "const a = 1;\nconst b = 22;\nconst c = 3;\n";
const run = (findings: Parameters<typeof toSarif>[0]) =>
  Log.parse(toSarif(findings, () => text, "1.0.0")).runs[0];

describe("findings as SARIF", () => {
  it("stand at their place under the rule of their category", () => {
    const { tool, results } = run([
      finding(),
      finding({ category: "other", severity: "Critical", path: "ä b.js" }),
    ]);
    assert.deepEqual(
      tool.driver.rules.map((rule) => rule.id),
      ["input-validation", "other"],
    );
    assert.deepEqual(
      results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level]),
      [
        ["input-validation", 0, "warning"],
        ["other", 1, "error"],
      ],
    );
    const location = results[1]?.locations[0].physicalLocation;
    assert.equal(location?.artifactLocation.uri, "%C3%A4%20b.js");
    assert.equal(location.region.startLine, 2);
  });

  it("carry a fix with the exact region it replaces", () => {
    const fix = { old_text: "b = 22;\nconst c", new_text: "b = 2;\nconst d" };
    assert.deepEqual(run([finding({ fix })]).results[0]?.fixes, [
      {
        description: { text: "A fraction of a cent is not refused" },
        artifactChanges: [
          {
            artifactLocation: { uri: "src/bill.js", uriBaseId: "SRCROOT" },
            replacements: [
              {
                deletedRegion: { startLine: 2, startColumn: 7, endLine: 3, endColumn: 8 },
                insertedContent: { text: "b = 2;\nconst d" },
              },
            ],
          },
        ],
      },
    ]);
  });

  it("carry no fix whose text is gone", () => {
    assert.equal(run([finding({ fix: { old_text: "nowhere", new_text: "" } })]).results[0]?.fixes, undefined);
  });

  it("leave out what was dismissed", () => {
    assert.deepEqual(run([finding({ status: "Dismissed" })]).results, []);
  });
});
