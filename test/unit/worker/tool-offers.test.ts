import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { toolOffers } from "../../../schemas/tool-offers.ts";
import { ToolName } from "../../../schemas/tools.ts";

const offers = toolOffers(ToolName.options);

const examples: Record<ToolName, object> = {
  read_file: { path: "a.ts", start_line: 1, end_line: 9 },
  list_files: { glob: "*.ts" },
  search: { pattern: "a", glob: "*.ts", regex: true },
  write_file: { path: "a.ts", content: "" },
  edit_file: { path: "a.ts", old_text: "a", new_text: "b" },
  run_tests: { files: ["a.test.ts"], name: "adds" },
  run_command: { command: "node", args: ["--version"] },
  report_findings: {
    findings: [
      {
        path: "a.ts",
        start_line: 1,
        end_line: 2,
        severity: "High",
        category: "bug",
        title: "Wrong sum",
        explanation: "It subtracts.",
        fix: { old_text: "-", new_text: "+" },
        confidence: 0.9,
      },
    ],
  },
  assign_work: {
    files: ["a.ts"],
    suspects: [{ path: "a.ts", start_line: 1, end_line: 2, reason: "It subtracts." }],
    documentation_needed: false,
  },
  finish: { summary: "Done.", confidence: 1, completeness: 1 },
};

describe("tool offers", () => {
  it("are valid JSON Schemas that take what the contract's table says", () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false });
    for (const offer of offers) {
      const validate = ajv.compile(Object(offer.schema) as object);
      assert.ok(validate(examples[ToolName.parse(offer.name)]), offer.name);
    }
  });

  it("name every argument the worker checks, and none is required that may be left out", () => {
    const finding = JSON.stringify(offers.find(({ name }) => name === "report_findings")?.schema);
    assert.match(finding, /"fix":\{"type":"object"/);
    assert.doesNotMatch(finding, /"required":\[[^\]]*"fix"/);
    assert.doesNotMatch(finding, /null|9007199254740991|\$schema/);
  });

  it("take fewer than 900 tokens all together", () => {
    // Providers count about four characters of JSON as a token.
    assert.ok(JSON.stringify(offers).length / 4 < 900);
  });
});
