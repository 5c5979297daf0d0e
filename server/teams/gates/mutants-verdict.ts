import { createHash } from "node:crypto";
import type { Mutant, TestReport } from "../../../schemas/tests.ts";
import type { Fate } from "./fate.ts";
import { measuredRun, quantity, type Equivalent, type GateContext, type Measured } from "./gate.ts";
import { elsewhere, indifferent } from "./questions.ts";

/** Number of digits in the ID of a surviving mutant. */
const ID_DIGITS = 12;

const inOneLine = (text: string): string => text.trim().replace(/\s+/g, " ").slice(0, 120);

/**
 * The mutants, each with an ID that stays the same when its line moves. The ID includes the lines around
 * it, because the same line can occur several times in a file, and a person looked at only one of them. If several
 * mutants have the same lines, their order distinguishes them.
 */
const withIds = async (context: GateContext, all: readonly Mutant[]) => {
  const seen = new Map<string, number>();
  const texts = new Map<string, readonly string[]>();
  const linesOf = async (path: string): Promise<readonly string[]> => {
    const lines = texts.get(path) ?? (await context.readText(path))?.split("\n") ?? [];
    texts.set(path, lines);
    return lines;
  };
  const numbered: { mutant: Mutant; code: string; key: string }[] = [];
  for (const mutant of all) {
    const { path, line, kind, replacement } = mutant;
    const lines = await linesOf(path);
    const at = (place: number): string => inOneLine(lines[place - 1] ?? "");
    const code = at(line);
    const text = [path, kind, replacement, code, at(line - 1), at(line + 1)].join("\0");
    const earlier = seen.get(text) ?? 0;
    seen.set(text, earlier + 1);
    numbered.push({ mutant, code, key: earlier === 0 ? text : `${text}\0${earlier}` });
  }
  return numbered.map(({ mutant, code, key }) => {
    const { path, line, kind, replacement } = mutant;
    const hash = createHash("sha256").update(key).digest("hex");
    const what = `${kind}: ${inOneLine(replacement)}`;
    return { mutant, code, survivor: { id: `m-${hash.slice(0, ID_DIGITS)}`, path, line, what } };
  });
};

/** Describes each mutant with the line that it changes: the author of the tests may not have seen the code. */
const describeMutants = (
  survivors: Awaited<ReturnType<typeof withIds>>,
  unreached: ReadonlySet<string>,
): string[] =>
  survivors.map(({ mutant: { id, path, line, kind, replacement, other_text }, code, survivor }) => {
    const where = unreached.has(id)
      ? ", which no test reaches"
      : other_text === undefined
        ? ""
        : ", or another text in its place";
    return `${path}:${line} survives ${kind}${where}: ${inOneLine(replacement)}\n  in the line: ${code}\n  its id: ${survivor.id}`;
  });

/** Up to this share, a single mutant of a small change may survive. */
const LENIENT = 0.8;

/** Whether tests miss one mutant and notice several. Such a mutant may make no difference. */
const isSlip = (survived: number, killed: number): boolean => survived <= 1 && killed >= 3;

/**
 * The share of the other mutants that were tried, if the mutants that no new test reaches were tried before them. Until
 * the time was up, those were too large a part, so each of them counts as this share of one.
 */
const shareTried = (
  fates: ReadonlyMap<string, Fate>,
  { own, unreached }: { own: readonly string[] | null; unreached: ReadonlySet<string> },
): number => {
  const others = [...fates].filter(([id]) => !unreached.has(id));
  const notRun = others.filter(([, fate]) => fate === "not run");
  return own === null || notRun.length === 0 ? 1 : 1 - notRun.length / others.length;
};

type Confirmed = Equivalent & { mutant: Mutant };

const confirmedInWords = ({
  mutant: { path, line, replacement },
  argued_by,
  confirmed_by,
}: Confirmed): string =>
  `${path}:${line} with ${inOneLine(replacement)} makes no difference: ${argued_by === null ? "" : `argued by ${argued_by}, `}confirmed by ${confirmed_by}`;

/** Describes how many mutants were confirmed to make no difference, and by whom. */
const confirmedApart = (confirmed: readonly Confirmed[]): string[] => {
  if (confirmed.length === 0) return [];
  const names = (key: "argued_by" | "confirmed_by") =>
    [...new Set(confirmed.flatMap((each) => each[key] ?? []))].sort().join(" and ");
  const argued = names("argued_by");
  return [
    `of these ${confirmed.length} ${confirmed.length === 1 ? "was" : "were"} ${argued === "" ? "" : `argued by ${argued} and `}confirmed by ${names("confirmed_by")}`,
  ];
};

/**
 * The proof that follows from the fates of the mutants.
 *
 * @param run `dry`: a run without any mutant; `own`: files of new tests; `unreached`: mutants that no test reaches
 */
export const verdict = async (
  context: GateContext,
  all: readonly Mutant[],
  measured: ReadonlyMap<string, Fate>,
  { dry, own, unreached }: { dry: TestReport; own: readonly string[] | null; unreached: ReadonlySet<string> },
): Promise<Measured> => {
  const threshold = context.mutantsThreshold;
  const fates = new Map(measured);
  for (const id of await indifferent(context, all, measured, unreached)) fates.set(id, "alike");
  const identified = await withIds(context, all);
  const told = identified.filter(({ mutant }) => fates.get(mutant.id) === "survived");
  const known = identified.map(({ survivor }) => survivor.id).filter((id) => context.equivalents.has(id));
  const confirmed = told.flatMap(({ mutant, survivor }) => {
    const equivalent = context.equivalents.get(survivor.id);
    return equivalent === undefined ? [] : [{ mutant, ...equivalent }];
  });
  for (const { mutant } of confirmed) fates.set(mutant.id, "alike");
  const remaining = told.filter(({ mutant }) => fates.get(mutant.id) === "survived");
  const of = (fate: Fate) => all.filter(({ id }) => fates.get(id) === fate);
  const [killed, survived, alike, entry, crashed, stopped, notRun] = [
    of("killed"),
    of("survived"),
    of("alike"),
    of("entry"),
    of("crashed"),
    of("stopped"),
    of("not run"),
  ];
  const judged = killed.length + survived.length;
  const unjudged = crashed.length + stopped.length + notRun.length;
  const missed = survived.filter(({ id }) => unreached.has(id));
  const weight = shareTried(fates, { own, unreached });
  const counted = judged - missed.length * (1 - weight);
  // If only mutants that no test reaches were tried, none of them counts, and nothing was noticed.
  const share = judged === 0 ? 1 : counted === 0 ? 0 : killed.length / counted;
  const isEstimate = missed.length > 0 && weight > 0 && weight < 1;
  const isOverlooked = missed.length === 0 && isSlip(survived.length, killed.length);
  const hidden = await elsewhere(context, all, missed);
  // Without any verdict, the gate does not hold. Otherwise slow tests could make it hold, and so could code
  // that ends as soon as a line of it changes.
  const isBlank = judged === 0 && unjudged > 0;
  const isEnough = !isBlank && (share >= threshold || (threshold <= LENIENT && isOverlooked));
  const held = isEnough && hidden.length === 0;
  const apart = [
    ...(missed.length > 0 ? [`no test reaches ${missed.length} of them`] : []),
    ...(alike.length > 0 ? [`${alike.length} ${alike.length === 1 ? "makes" : "make"} no difference`] : []),
    ...confirmedApart(confirmed),
    ...(entry.length > 0
      ? [`${quantity(entry.length, "is an entry", "are entries")} of a table that the tests know`]
      : []),
    ...(crashed.length > 0 ? [`${crashed.length} crashed`] : []),
    ...(stopped.length > 0 ? [`${stopped.length} did not end`] : []),
    ...(notRun.length > 0
      ? [`${notRun.length} ${notRun.length === 1 ? "was" : "were"} not run: the time was up`]
      : []),
  ];
  const percent = Math.floor(share * 100);
  const noticed = isBlank
    ? `${notRun.length === unjudged ? "The time was not enough" : "The tests were not able"} to judge any mutant of the changed lines`
    : `The tests notice ${killed.length} of ${quantity(judged, "mutant")} of the changed lines (${isEstimate ? `about ${percent} % of all` : `${percent} %`}` +
      `${isEnough ? "" : `, ${Math.round(threshold * 100)} % are needed`})`;
  return {
    held,
    reason:
      `${noticed}${apart.length > 0 ? `; ${apart.join(", ")}` : ""}.` +
      (hidden.length === 0 ? "" : " The code asks where it runs, and no test covers what it does elsewhere."),
    evidence: [...describeMutants(remaining, unreached), ...confirmed.map(confirmedInWords)],
    ...(remaining.length === 0 ? {} : { survivors: remaining.map(({ survivor }) => survivor) }),
    ...(known.length === 0 ? {} : { confirmed: known }),
    mutants: {
      killed: killed.length,
      survived: survived.length,
      alike: alike.length,
      crashed: crashed.length,
      stopped: stopped.length,
      not_run: notRun.length,
    },
    ...(held ? {} : { concerns: "tests" as const }),
    ...measuredRun(dry),
  };
};
