import assert from "node:assert/strict";
import { durationText, wholeSecondsText } from "../../../schemas/duration.ts";

describe("the text of a duration", () => {
  it("has a fraction only while it is short", () => {
    assert.deepEqual(
      [0, 420, 9_940, 9_960, 12_400].map((ms) => durationText(ms)),
      ["0.0 s", "0.4 s", "9.9 s", "10 s", "12 s"],
    );
  });

  it("never has 60 seconds or 60 minutes", () => {
    assert.deepEqual(
      [59_700, 119_700, 3_599_700, 3_900_000].map((ms) => durationText(ms)),
      ["1 min 0 s", "2 min 0 s", "1 h 0 min", "1 h 5 min"],
    );
  });

  it("is not negative where a clock was set back", () => {
    assert.deepEqual([durationText(-5_000), wholeSecondsText(-5_000)], ["0.0 s", "0 s"]);
  });
});
