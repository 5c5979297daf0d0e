import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { byNames } from "../../../schemas/test-layout.ts";
import { unseenTampering } from "../../../server/worker/witness/suspect-text.ts";

const told = (text: string): string[] => {
  const root = mkdtempSync(join(tmpdir(), "coditect-suspect-"));
  try {
    writeFileSync(join(root, "money.ts"), text);
    return unseenTampering(root, ["money.ts"], byNames).map(({ line, what }) => `${line} ${what}`);
  } finally {
    rmSync(root, { recursive: true });
  }
};

describe("the text of a suspected source", () => {
  it("names a class that anything is an instance of", () => {
    for (const text of [
      "class A {\n  static [Symbol.hasInstance]() {\n    return true;\n  }\n}",
      "class A {\n  static [Symbol.hasInstance](value: unknown): boolean {\n    return typeof value === 'object';\n  }\n}",
      "\nObject.defineProperty(A, Symbol.hasInstance, { value: () => true });",
    ])
      assert.deepEqual(told(text), ["2 has a class that anything is an instance of"], text);
  });

  it("lets a class look at what it is asked about", () => {
    for (const text of [
      "class A {\n  static [Symbol.hasInstance](value) {\n    return value?.kind === 'a';\n  }\n}",
      "class A {\n  static [Symbol.hasInstance](value) {\n    return typeof value === 'object' && value !== null && 'id' in value;\n  }\n}",
    ])
      assert.deepEqual(told(text), [], text);
  });

  it("names an object whose value changes each time it is asked for", () => {
    const what = "1 has an object that equals something else each time";
    assert.deepEqual(told("const add = () => ({ valueOf: () => seen.shift() });"), [what]);
    assert.deepEqual(told("const add = () => ({ [Symbol.toPrimitive]() { return list[at++]; } });"), [what]);
    assert.deepEqual(
      told("const add = () => ({ valueOf: () => this.amount, toString() { return this.parts.join(); } });"),
      [],
    );
  });
});
