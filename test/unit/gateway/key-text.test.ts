import assert from "node:assert/strict";
import { CoditectError } from "../../../schemas/errors.ts";
import { environmentCredentials } from "../../../server/gateway/credentials.ts";
import { readKey, readKeys, withoutKey } from "../../../server/gateway/key-text.ts";

const KEY = "sk-one-11112222";

describe("a key as it is given", () => {
  const copied = {
    "a line end": `${KEY}\r\n`,
    "a byte order mark": `\u{feff}${KEY}`,
    "double quotes": `"${KEY}"`,
    "single quotes and blanks": ` '${KEY}' `,
    "quotes of a text program": `“${KEY}”`,
    "a blank that does not break": `\u{a0}${KEY}\u{200b}`,
  };
  for (const [how, given] of Object.entries(copied)) {
    it(`is taken without ${how} around it`, () => {
      assert.equal(readKey(given, "X"), KEY);
    });
  }

  const malformed = {
    "two lines": [`${KEY}\nsk-two-33334444`, /2 lines/],
    "three lines of another system": [`${KEY}\r\n\r\nsk-two`, /3 lines/],
    "a space": [`Bearer ${KEY}`, /space/],
    "a letter beyond ASCII": [`${KEY}é`, /character 16/],
    "the name of its variable": [`HF_TOKEN=${KEY}`, /name of a variable/],
    "a control character": [`${KEY}\u{7}`, /character 16/],
  } as const;
  for (const [how, [given, reason]] of Object.entries(malformed)) {
    it(`is refused with ${how} in it, and not shown`, () => {
      assert.throws(
        () => readKey(given, "ANTHROPIC_API_KEY"),
        (error: unknown) => {
          assert.ok(error instanceof CoditectError);
          assert.equal(error.code, "credential_malformed");
          assert.match(error.message, reason);
          assert.match(error.message, /ANTHROPIC_API_KEY/);
          assert.doesNotMatch(JSON.stringify([error.message, error.nextStep, error.data]), /sk-/);
          return true;
        },
      );
    });
  }

  it("may be several with commas between them, each in quotes or not", () => {
    assert.deepEqual(readKeys(`"a1", 'b2' ,c3,`, "X"), ["a1", "b2", "c3"]);
    assert.deepEqual(readKeys(`"a1,b2"`, "X"), ["a1", "b2"]);
    assert.deepEqual(readKeys(" ", "X"), []);
  });

  it("is refused by the environment with the name of its variable", async () => {
    const credentials = environmentCredentials({ GOOGLE_API_KEY: "one\ntwo" });
    await assert.rejects(credentials.keys("Gemini", null), /GOOGLE_API_KEY/);
    assert.deepEqual(await credentials.keys("Claude", null), []);
  });
});

describe("a text of a client", () => {
  it("loses the key in every form it is written in", () => {
    const key = 'ab/c+d"e=99';
    const text = `${key} ${encodeURIComponent(key)} ${JSON.stringify(key)}`;
    assert.doesNotMatch(withoutKey(text, key), /99/);
  });

  it("loses what looks like another key", () => {
    assert.doesNotMatch(withoutKey("invalid: sk-ant-0123456789abcdefXYZ", null), /0123456789/);
  });
});
