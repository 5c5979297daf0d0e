import assert from "node:assert/strict";
import { z } from "zod";
import { TokenUsage } from "../../../schemas/messages.ts";
import { Milliseconds, Uuid } from "../../../schemas/primitives.ts";
import { mend } from "../../../server/store/mend.ts";

const Line = z.strictObject({
  id: Uuid,
  usage: TokenUsage,
  cost: z.number().nonnegative().nullable(),
  note: z.string(),
  duration_ms: Milliseconds,
  kind: z.union([z.strictObject({ A: z.strictObject({ n: z.int() }) }), z.strictObject({ B: z.string() })]),
});
const sound = {
  id: "00000000-0000-4000-8000-000000000000",
  usage: { input: 1, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 2, reasoning: 0 },
  cost: null,
  note: "x",
  duration_ms: 3,
  kind: { A: { n: 1 } },
};

describe("a record with fields that do not pass its schema", () => {
  it("is mended to the nearest that does, and says where", () => {
    const { reasoning: _, ...usage } = { ...sound.usage, input: 1234.4, output: null, cache_read: -1 };
    const damaged = {
      ...sound,
      usage,
      cost: -1,
      duration_ms: -59987,
      note: null,
      kind: { A: { n: 1.5 } },
      x: 1,
    };
    const mended = mend(Line, damaged);
    assert.deepEqual(mended?.value, {
      ...sound,
      usage: { ...sound.usage, input: 1234, output: 0 },
      cost: 0,
      duration_ms: 0,
      note: "",
      kind: { A: { n: 2 } },
    });
    assert.ok(mended.changes.includes("usage.input was 1234.4, now 1234"), mended.changes.join("; "));
    assert.equal(mended.changes.length, 9);
    assert.equal(damaged.duration_ms, -59987);
  });

  it("keeps the undamaged entries of a list of parts, and lists those that were left out", () => {
    const Sums = z.strictObject({
      day: z.string(),
      parts: z.array(
        z.strictObject({
          of: z.enum(["a", "b"]),
          tokens: z.strictObject({ input: z.int(), output: z.int() }),
          counts: z.partialRecord(z.enum(["red", "green"]), z.int()),
        }),
      ),
    });
    const part = { of: "a", tokens: { input: 1, output: 2 }, counts: { red: 3 } };
    const damaged = {
      day: "2026-01-31",
      parts: [
        { ...part, of: "nobody" },
        { ...part, tokens: null },
        7,
        { ...part, counts: { red: 3, blue: 1 } },
        part,
      ],
    };
    const mended = mend(Sums, damaged, "parts");
    assert.deepEqual(mended?.value, {
      day: "2026-01-31",
      parts: [{ ...part, tokens: { input: 0, output: 0 } }, part, part],
    });
    const said = mended.changes.join("; ");
    for (const text of [
      'parts.0.of was "nobody"',
      "parts.0 was left out",
      "parts.1.tokens was null, now {}",
      "parts.2 was left out",
      "parts.3.counts.blue was left out",
    ])
      assert.ok(said.includes(text), said);
    assert.equal(mend(Sums, damaged), null);
  });

  it("is not mended by making up an id", () => {
    assert.equal(mend(Line, { ...sound, id: "nobody" }), null);
  });
});
