import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { z } from "zod";
import { toolTable } from "../../../schemas/tools.ts";
import { readArguments } from "../../../server/worker/tools/read-arguments.ts";

const read = <T>({ arguments: schema }: { arguments: z.ZodType<T> }, given: unknown): T | null => {
  const result = readArguments(schema, given);
  return result.success ? result.data : null;
};

describe("arguments of a call", () => {
  it("read a text as what is expected in its place", () => {
    assert.deepEqual(read(toolTable.read_file, { path: "1", start_line: "2", end_line: null }), {
      path: "1",
      start_line: 2,
    });
    assert.deepEqual(read(toolTable.run_tests, { files: '["a.js"]' }), { files: ["a.js"] });
    assert.deepEqual(read(toolTable.finish, { summary: "1", confidence: "0.9", completeness: " 1 " }), {
      summary: "1",
      confidence: 0.9,
      completeness: 1,
    });
  });

  it("leave a text a text where one is expected", () => {
    assert.deepEqual(read(toolTable.search, { pattern: "true", regex: "True" }), {
      pattern: "true",
      regex: true,
    });
  });

  it("refuse a text that is nothing of what is expected", () => {
    for (const start_line of ["two", "1.5", "[1]", ""])
      assert.equal(read(toolTable.read_file, { path: "a", start_line }), null, start_line);
    assert.equal(read(toolTable.write_file, { path: "a", content: { b: 1 } }), null);
  });

  it("leave out what a text says is nothing, where the tool can do without it", () => {
    const found = read(toolTable.read_file, { path: "a", start_line: "None", end_line: "3" });
    assert.deepEqual([found?.start_line, found?.end_line], [undefined, 3]);
    assert.equal(read(toolTable.finish, { summary: "x", confidence: "null", completeness: 1 }), null);
  });

  it("read lists and objects inside of lists", () => {
    const finding = {
      ...{ path: "a.js", start_line: "1", end_line: "2", severity: "Low", category: "c", title: "t" },
      ...{ explanation: "e", confidence: "0.5" },
    };
    const found = read(toolTable.report_findings, { findings: JSON.stringify([finding]) });
    assert.deepEqual(
      found?.findings.map(({ start_line, confidence }) => [start_line, confidence]),
      [[1, 0.5]],
    );
  });
});
