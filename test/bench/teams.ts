import { timesAfterKill } from "./teams/after-kill.ts";
import { measure } from "./teams/contender.ts";
import { median, type Report } from "./report.ts";

const STEPS = 200;
const QUARTER = STEPS / 4;
const KILLS = 5;
const peers = { "LangGraph.js, SqliteSaver": "langgraph.mjs", "Mastra, LibSQLStore": "mastra.mjs" };

/** What it costs to keep a run, beside engines that keep theirs in SQLite, and to go on after a kill. */
export default async function run({ report }: Report): Promise<void> {
  const floor = await measure("bare.mjs", STEPS);
  const ours = await measure("coditect.ts", STEPS);
  if (floor === null || ours === null) throw new Error("neither the floor nor the runtime asked the model");
  /** All ask the same server, which has its own share of a gap: the floor is what a bare loop takes. */
  const costOf = (gaps: readonly number[], part: (of: readonly number[]) => readonly number[]): number =>
    median(part(gaps)) - median(part(floor.gaps));

  const whole = (gaps: readonly number[]) => gaps;
  const value = costOf(ours.gaps, whole);
  for (const [name, script] of Object.entries(peers)) {
    const peer = await measure(script, STEPS);
    const against = peer === null ? null : { name, value: costOf(peer.gaps, whole) };
    report({
      name: "a step with its durable checkpoint, over a bare loop",
      value,
      unit: "ms",
      against,
      goal: "below LangGraph.js and Mastra",
      holds: against === null ? null : value < against.value,
    });
    report({
      name: "bytes written for each byte to keep",
      value: ours.written_share,
      unit: "×",
      against: peer === null ? null : { name, value: peer.written_share },
      goal: "under 1.5×",
      holds: ours.written_share < 1.5,
    });
  }

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
