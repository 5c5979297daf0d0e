import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { byNames, type TestLayout } from "../../../schemas/test-layout.ts";
import { TestProbe, type Tampering } from "../../../schemas/tests.ts";
import { nodeWitness } from "./node-witness.ts";
import type { WitnessSettings } from "./settings.ts";

/** Watches one test run from inside its processes, and signs its reports. */
export interface Witness {
  settings: WitnessSettings;
  /** The texts of the lines of a report that carry this run's signature, and how many do not. */
  signed(text: string): { lines: string[]; forged: number };
}

/** A witness for a run of the tests in `root`; `folder` is the run's own. */
export const createWitness = (
  root: string,
  folder: string,
  probe: TestProbe | undefined,
  shared: boolean,
  layout: TestLayout = byNames,
): Witness => {
  const key = randomBytes(24).toString("hex");
  const macOf = (body: string): Buffer => createHmac("sha256", key).update(body).digest();
  const isSigned = (mac: string, body: string): boolean => {
    const given = Buffer.from(mac, "hex");
    const wanted = macOf(body);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };
  return {
    settings: {
      ...(probe ?? TestProbe.parse({})),
      layout,
      root: realpathSync.native(root),
      folder: realpathSync.native(folder),
      channel: join(folder, "witness"),
      key,
      assert_url: pathToFileURL(join(folder, "assert.mjs")).href,
      shared,
    },
    signed: (text) => {
      const lines = text.split("\n").slice(0, -1);
      const bodies = lines.flatMap((line) => {
        const body = line.slice(65);
        return line[64] === " " && isSigned(line.slice(0, 64), body) ? [body] : [];
      });
      return { lines: bodies, forged: lines.length - bodies.length };
    },
  };
};

/** What replaces `node:assert` in ES modules of a run that refuses assertions. */
const refusingAssert = `const assert = process[Symbol.for("nodejs.coditect.assert")];
export default assert;
export const { ok, equal, notEqual, deepEqual, notDeepEqual, deepStrictEqual, notDeepStrictEqual, strictEqual,
  notStrictEqual, throws, doesNotThrow, rejects, doesNotReject, match, doesNotMatch, fail, ifError,
  partialDeepStrictEqual, AssertionError, strict } = assert;
`;

/** A mutant that never stops to allocate ends its process with this, before it ends the instance. */
const MUTANT_HEAP_MB = 512;

/**
 * The variables that switch a mutant of JavaScript or TypeScript on.
 *
 * @param options the project's own NODE_OPTIONS.
 */
export const mutantVariables = (mutant: string | null, options = ""): Record<string, string> =>
  mutant === null
    ? {}
    : {
        __STRYKER_ACTIVE_MUTANT__: mutant,
        NODE_OPTIONS: `${options} --max-old-space-size=${MUTANT_HEAP_MB}`.trim(),
      };

/** Writes the witness for Node's processes; the variables that load it in each of them. */
export const watchNode = async ({ settings }: Witness, options = ""): Promise<Record<string, string>> => {
  const file = join(settings.folder, "witness.cjs");
  await writeFile(file, nodeWitness(settings));
  if (settings.refuse_assertions) await writeFile(join(settings.folder, "assert.mjs"), refusingAssert);
  const quoted = `"${file.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const variables = mutantVariables(settings.mutant, options);
  return { ...variables, NODE_OPTIONS: `${variables.NODE_OPTIONS ?? options} --require ${quoted}`.trim() };
};

/** What is reported of a line that lacks the run's signature. */
export const forgery: Tampering = { path: "", line: null, what: "writes to the report of the test run" };
