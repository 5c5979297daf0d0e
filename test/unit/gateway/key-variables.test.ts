import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { keyVariableIn, keyVariables } from "../../../server/gateway/key-variables.ts";

const script = join(import.meta.dirname, "..", "..", "..", "ci", "check.sh");

describe("the variables that may hold a provider's key", () => {
  it("are removed from the environment of a proof in CI, with the passphrase of the stored keys", () => {
    const removed = /^ *unset (.*)$/m.exec(readFileSync(script, "utf8"))?.[1]?.split(" ") ?? [];
    const expected = [...Object.values(keyVariables).flat(), "CODITECT_PASSPHRASE"];
    assert.deepEqual(new Set(removed), new Set(expected));
  });

  it("count in their order, and an empty one does not", () => {
    const environment = { GEMINI_API_KEY: "", GOOGLE_API_KEY: "a" };
    assert.equal(keyVariableIn(environment, "Gemini"), "GOOGLE_API_KEY");
    assert.equal(keyVariableIn({ ...environment, GEMINI_API_KEY: "b" }, "Gemini"), "GEMINI_API_KEY");
    assert.equal(keyVariableIn(environment, "VSCode"), null);
  });
});
