import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { decisionOf } from "../../../server/hooks/decision.ts";

const decide = (text: string) => decisionOf({ outcome: "answered", text });
const nothing = { refusal: null, context: null };

describe("the answer of a hook", () => {
  it("refuses by its JSON, also after a log and a byte order mark", () => {
    const answer = { decision: "block", reason: "no tabs" };
    for (const text of [
      JSON.stringify(answer),
      JSON.stringify(answer, null, 2),
      `\ufeff${JSON.stringify(answer)}\r\n`,
      `checking a.ts\n${JSON.stringify(answer)}\n`,
      `checking {a}\r\n${JSON.stringify(answer, null, 2)}\r\n`,
    ])
      assert.deepEqual(decide(text), { refusal: "no tabs", context: null }, text);
  });

  it("decides nothing without JSON", () => {
    for (const text of ["", "fine", "[]", 'it found {"decision":"block"} in a file', "\ufffd\ufffd"])
      assert.deepEqual(decide(text), nothing, text);
  });

  it("is an error if its JSON is broken, or something follows it", () => {
    for (const text of ["{", '{"decision":"block"', '{"decision":"block"}\ndone', "log\n{decision: block}"])
      assert.throws(() => decide(text), /not valid JSON/, text);
  });
});
