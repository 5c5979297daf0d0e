import { timesAfterKill } from "./teams/after-kill.ts";
import { measure, type Sample } from "./teams/contender.ts";
import { median, type Report } from "./report.ts";

const STEPS = 200;
const QUARTER = STEPS / 4;
const KILLS = 5;
const peers = { "LangGraph.js, SqliteSaver": "langgraph.mjs", "Mastra, LibSQLStore": "mastra.mjs" };

/** It throws where nothing can be compared. */
const measured = async (script: string, syncs: boolean): Promise<Sample> => {
  const sample = await measure(script, STEPS, syncs);
  if (sample === null) throw new Error(`${script} asked the model nothing`);
  return sample;
};

/** What it costs to keep a run, beside engines that keep theirs in SQLite, and to go on after a kill. */
export default async function run({ report }: Report): Promise<void> {
  const floor = await measured("bare.mjs", false);
  /** All ask the same server, which has its own share of a gap: the floor is what a bare loop takes. */
  const costOf = (gaps: readonly number[], part: (of: readonly number[]) => readonly number[]): number =>
    median(part(gaps)) - median(part(floor.gaps));
  const whole = (gaps: readonly number[]) => gaps;

  // Ours is on the disk before the next step by default, the others are not; so it is told for both.
  for (const syncs of [true, false]) {
    const ours = await measured("coditect.ts", syncs);
    const value = costOf(ours.gaps, whole);
    for (const [name, script] of Object.entries(peers)) {
      const peer = await measure(script, STEPS, syncs);
      const against =
        peer === null ? null : { name: `${name}, ${peer.keeps}`, value: costOf(peer.gaps, whole) };
      report({
        name: syncs
          ? "a step, on the disk before the next, over a bare loop"
          : "a step, kept if the process is killed, the same",
        value,
        unit: "ms",
        against,
        goal: "below LangGraph.js and Mastra",
        holds: against === null ? null : value < against.value,
      });
      if (syncs)
        report({
          name: "bytes handed to write() for each byte to keep",
          value: ours.written_share,
          unit: "×",
          against: peer === null ? null : { name, value: peer.written_share },
          goal: "under 1.5×",
          holds: ours.written_share < 1.5,
        });
    }
    if (syncs) reportAlone(report, ours, costOf);
  }

  const times = median(await timesAfterKill(KILLS));
  report({
    name: "kill -9 → the resumed run asks its model",
    value: times,
    unit: "ms",
    against: null,
    goal: "under 2 s",
    holds: times < 2000,
  });
}

/** What has no peer: what of the writing lasts, and whether late steps cost what early ones do. */
const reportAlone = (
  report: Report["report"],
  ours: Sample,
  costOf: (gaps: readonly number[], part: (of: readonly number[]) => readonly number[]) => number,
): void => {
  report({
    name: "the same without the room that is made ahead",
    value: ours.lasting_share,
    unit: "×",
    against: null,
    goal: "",
    holds: null,
  });
  const late = costOf(ours.gaps, (gaps) => gaps.slice(-QUARTER));
  const early = costOf(ours.gaps, (gaps) => gaps.slice(0, QUARTER));
  report({
    name: `a step, the last ${QUARTER} of ${STEPS}`,
    value: late,
    unit: "ms",
    against: { name: `the first ${QUARTER}`, value: early },
    goal: "linear in steps: within 1.5× of the first",
    holds: late < 1.5 * early,
  });
};
