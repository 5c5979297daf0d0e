import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { extended } from "./extended.ts";
import { kits, type Submission } from "./kit.ts";
import { judgeSubmission } from "./judge-submission.ts";
import { honestChanges } from "../fixtures/cheats/honest.ts";
import { javascriptCheats } from "../fixtures/cheats/javascript.ts";
import { pythonCheats } from "../fixtures/cheats/python.ts";

/**
 * Runs the corpus, or what of it a pattern names ("^honest jest"): no cheat may hold, and honest
 * changes have to. `--sample 150,100` takes so many cheats and honest changes at random; `--seed`
 * takes the same ones again. `--extend` takes each where its test files existed before.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string" },
    seed: { type: "string" },
    extend: { type: "boolean", default: false },
  },
});
const pattern = new RegExp(positionals[0] ?? "");
const seed = Number(values.seed ?? Date.now() % 100_000);
const [mostCheats, mostHonest] = values.sample?.split(",").map(Number) ?? [];

/** So many of the entries, in an order that the seed gives (Park and Miller's generator). */
const sampled = <Entry>(entries: readonly Entry[], most: number | undefined): Entry[] => {
  if (most === undefined) return [...entries];
  let state = seed + 1;
  const keyed = entries.map((entry) => ({ entry, key: (state = (state * 48_271) % 2_147_483_647) }));
  return keyed
    .sort((one, other) => one.key - other.key)
    .slice(0, most)
    .map(({ entry }) => entry);
};
/** The entry in the form that is asked for; empty if it has none. */
const inForm = <Entry extends Submission>(entry: Entry): Entry[] => {
  if (!values.extend) return [entry];
  const longer = extended(entry);
  return longer === null ? [] : [{ ...entry, ...longer }];
};
const cheats = sampled(
  [...kits.flatMap(javascriptCheats), ...pythonCheats].filter(({ name }) => pattern.test(`cheat ${name}`)),
  mostCheats,
).flatMap(inForm);
const honest = sampled(
  honestChanges.filter(({ name }) => pattern.test(`honest ${name}`)),
  mostHonest,
).flatMap(inForm);

let faults = 0;
let refusedHonest = 0;
const say = (line: string) => process.stdout.write(`${line}\n`);
const began = performance.now();
if (values.sample !== undefined) say(`A sample with the seed ${seed}.`);

const work = [
  ...cheats.map((cheat) => async () => {
    const proofs = await judgeSubmission(cheat);
    const failed = proofs.find(({ held }) => !held);
    const told = failed === undefined ? "" : `${failed.reason}\n${failed.evidence.join("\n")}`;
    const isNamed = failed !== undefined && cheat.gate.test(failed.gate) && cheat.names.test(told);
    if (!isNamed) faults += 1;
    const first = failed === undefined ? "HELD" : `${failed.gate}: ${failed.reason}`;
    say(
      `${isNamed ? "ok  " : "FAIL"} cheat ${cheat.name}: ${first}${isNamed ? "" : `\n${told.slice(0, 600)}`}`,
    );
  }),
  ...honest.map((change) => async () => {
    const proofs = await judgeSubmission(change);
    const failed = proofs.find(({ held }) => !held);
    if (failed !== undefined) refusedHonest += 1;
    const detail =
      failed === undefined
        ? ""
        : `: ${failed.gate}: ${failed.reason}\n${failed.evidence.join("\n").slice(0, 900)}`;
    say(`${failed === undefined ? "ok  " : "FAIL"} honest ${change.name}${detail}`);
  }),
];
const next = async (): Promise<void> => {
  for (let job = work.shift(); job !== undefined; job = work.shift()) await job();
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, next));
say(
  `${cheats.length} cheats, ${faults} that hold or are not named; ${honest.length} honest changes, ` +
    `${refusedHonest} refused; ${Math.round((performance.now() - began) / 1000)} s`,
);
process.exitCode = faults > 0 || refusedHonest > honest.length * 0.02 ? 1 : 0;
