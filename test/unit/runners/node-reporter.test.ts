import assert from "node:assert/strict";
import { resolve } from "node:path";
import { z } from "zod";
import { nodeReporter } from "../../../server/worker/runners/node-test.ts";

const definitions = "const line = JSON.stringify; const failureOf = () => undefined;";
const Reporter = z.object({ default: z.custom<(events: unknown) => AsyncIterable<string>>() });
const Told = z.object({ type: z.string(), name: z.string().optional(), file: z.string().optional() });

/** What the reporter tells of these events of node:test, in words. */
const told = async (events: readonly object[]): Promise<string[]> => {
  const text = nodeReporter(definitions, { passingFiles: true });
  const module: unknown = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const lines: string[] = [];
  for await (const line of Reporter.parse(module).default(events)) {
    const { type, name = "", file = "" } = Told.parse(JSON.parse(line));
    lines.push(`${type} ${file.replace(resolve("."), "")} ${name}`.trim());
  }
  return lines;
};

const failed = (failureType: string) => ({ error: { failureType, cause: "test failed" }, duration_ms: 1 });
const file = resolve("host.test.js");
const test = {
  type: "test:fail",
  data: { nesting: 0, name: "finds the host", file, details: failed("testCodeFailure") },
};
const ofFile = {
  type: "test:fail",
  data: { nesting: 0, name: "host.test.js", file, details: failed("testCodeFailure") },
};
const passing = {
  type: "test:pass",
  data: { nesting: 0, name: "is there", file, details: { duration_ms: 1 } },
};

describe("the reporter for node:test", () => {
  it("takes the failure of a file for that of its tests, in whatever order Node reports them", async () => {
    const expected = ["test /host.test.js finds the host", "end"];
    assert.deepEqual(await told([test, ofFile]), expected);
    assert.deepEqual(await told([ofFile, test]), expected);
  });

  it("reports a file that failed although its tests did not, and one without tests", async () => {
    assert.deepEqual(await told([passing, ofFile]), [
      "test /host.test.js is there",
      "test /host.test.js host.test.js",
      "end",
    ]);
    assert.deepEqual(await told([ofFile]), ["load_error /host.test.js", "end"]);
  });

  it("names the file that Node started, also if a helper declares its tests", async () => {
    const shared = { ...passing.data, file: resolve("helper.js"), entryFile: file };
    assert.deepEqual(await told([{ type: "test:pass", data: shared }]), [
      "test /host.test.js is there",
      "end",
    ]);
  });
});
