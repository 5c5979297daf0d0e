import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { differingFiles, readReceipt, signReceipt, statementOf } from "../../../server/proof/receipt.ts";
import { keyId, type SigningKey } from "../../../server/proof/signing-key.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const newKey = (): SigningKey => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey, id: keyId(publicKey) };
};

const files = new Map([
  ["src/bill.js", "export const split = () => [];\n"],
  ["test/bill.test.js", "it('splits', () => {});\n"],
]);

const statement = statementOf({
  task: "Split the bill",
  base: "0123456789abcdef0123456789abcdef01234567",
  files: [
    ...[...files].map(([path, text]) => ({ path, before: null, after: sha256(text) })),
    { path: "src/old.js", before: sha256("old"), after: null },
  ],
  proofs: [
    {
      gate: "red",
      held: true,
      reason: "1 new test fails on today's code.",
      runner: "node:test",
      command: ["node", "--test"],
      exit_code: 1,
      counts: { passed: 0, failed: 1, skipped: 0 },
      evidence: [],
      coverage: null,
      duration_ms: 12,
      proved_at: "2026-01-31T12:00:00.000Z",
    },
  ],
  ran_in: { runtime: "Local", sandboxed: true },
  tools: { node: "24.0.0" },
  proved_at: "2026-01-31T12:00:00.000Z",
});

const hashesIn = (texts: ReadonlyMap<string, string>) => (path: string) => {
  const text = texts.get(path);
  return Promise.resolve(text === undefined ? null : sha256(text));
};

/** Whether a receipt is accepted for a workspace with these files. */
const holds = async (receipt: string, texts: ReadonlyMap<string, string>): Promise<boolean> => {
  const read = readReceipt(receipt);
  return !("problem" in read) && (await differingFiles(read.statement, hashesIn(texts))).length === 0;
};

describe("a receipt", () => {
  const key = newKey();
  const receipt = signReceipt(statement, key);

  it("is read as it was signed, and names its key", async () => {
    const read = readReceipt(receipt);
    assert.ok("statement" in read);
    assert.deepEqual([read.statement, read.key], [statement, key.id]);
    assert.equal(await holds(receipt, files), true);
  });

  it("holds after no change of its text, wherever and whatever it is", async () => {
    const edit = fc.record({
      at: fc.nat(receipt.length),
      removed: fc.nat(3),
      inserted: fc.string({ maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, removed, inserted }) => {
        const changed = receipt.slice(0, at) + inserted + receipt.slice(at + removed);
        assert.equal(await holds(changed, files), changed === receipt);
      }),
      { numRuns: 500 },
    );
  });

  it("does not hold with a byte after its key", async () => {
    const changed = receipt.replace(/(?<="rawBytes": "[^"]*)=(?=")/, "A");
    assert.notEqual(changed, receipt);
    assert.equal(await holds(changed, files), false);
  });

  it("holds after no change of a file", async () => {
    const paths = [...files.keys(), "src/old.js"];
    const edit = fc.record({
      path: fc.constantFrom(...paths),
      at: fc.nat(40),
      removed: fc.nat(2),
      inserted: fc.string({ maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ path, at, removed, inserted }) => {
        const text = files.get(path) ?? "";
        const changed = text.slice(0, at) + inserted + text.slice(at + removed);
        const texts = new Map(files).set(path, changed);
        assert.equal(await holds(receipt, texts), path !== "src/old.js" && changed === text);
      }),
      { numRuns: 300 },
    );
  });

  it("holds after no change of what it says that is signed with another key under its name", async () => {
    const other = newKey();
    const changes = fc.record({
      held: fc.boolean(),
      reason: fc.string(),
      exit_code: fc.integer({ min: 0, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(changes, (change) => {
        const [gate] = statement.predicate.gates;
        assert.ok(gate !== undefined);
        const gates = [{ ...gate, ...change }];
        const forged = signReceipt({ ...statement, predicate: { ...statement.predicate, gates } }, other);
        assert.ok("problem" in readReceipt(forged.replaceAll(other.id, key.id)));
        return Promise.resolve();
      }),
      { numRuns: 200 },
    );
  });
});
