import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { toSarif } from "../../../../server/surfaces/cli/display/sarif.ts";
import { Sarif, sarifProblems } from "../../../support/sarif.ts";
import { finding } from "./events.ts";

const text = "const a = 1;\nconst b = 22;\nconst c = 3;\n";
const run = (findings: Parameters<typeof toSarif>[0]) =>
  Sarif.parse(toSarif(findings, () => text, "1.0.0")).runs[0];

describe("findings as SARIF", () => {
  it("are valid by the schema of the standard, whatever they say", () => {
    const fix = { old_text: "b = 22;\nconst c", new_text: "" };
    const every = [
      finding(),
      finding({ fix, path: "src/ä ö#%.py", severity: "Critical", start_column: 1, end_column: 4 }),
      finding({ severity: "Info", confidence: 0, explanation: "", category: "…" }),
    ];
    assert.deepEqual(sarifProblems(toSarif(every, () => text, "1.0.0-beta.1")), []);
    assert.deepEqual(sarifProblems(toSarif([], () => null, "1.0.0")), []);
  });

  it("are held to that schema: a log that is wrong anywhere is refused", () => {
    const valid = toSarif([finding({ fix: { old_text: "b = 22;", new_text: "" } })], () => text, "1.0.0");
    const log = JSON.stringify(valid);
    const spoilt: [RegExp | string, string][] = [
      ['"2.1.0"', '"2.0.0"'],
      ['"startLine":2', '"startLine":0'],
      ['"level":"warning"', '"level":"Medium"'],
      ['"columnKind"', '"column_kind"'],
      [/"uri":"[^"]*"/, '"uri":"a b.js"'],
      ['"results":[', '"results":[{"ruleId":"without-a-message"},'],
      [/"artifactChanges":\[.*?\]\}\]/, '"artifactChanges":[]'],
    ];
    for (const [from, to] of spoilt) {
      const wrong = log.replace(from, to);
      assert.notEqual(wrong, log, `nothing of the log is ${String(from)}`);
      assert.notDeepEqual(sarifProblems(JSON.parse(wrong)), [], `${to} passed`);
    }
  });

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
