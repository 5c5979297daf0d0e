const ANSWER_MS = 5000;

/** How one of several places is chosen: the first that answers, or the one that answers soonest. */
export type ChooseBy = "order" | "latency";

/** Milliseconds until a place answers; null if it does not answer in time. */
const answerTime = async (ask: (signal: AbortSignal) => Promise<unknown>): Promise<number | null> => {
  const started = performance.now();
  try {
    await ask(AbortSignal.timeout(ANSWER_MS));
    return performance.now() - started;
  } catch {
    return null;
  }
};

/**
 * The place that a runtime uses until it ends. A single place is used without asking it. Null: none of several
 * places answers.
 */
export const chooseAnswering = async <Place>(
  places: readonly Place[],
  chooseBy: ChooseBy,
  ask: (place: Place, signal: AbortSignal) => Promise<unknown>,
): Promise<Place | null> => {
  const [only, ...others] = places;
  if (only !== undefined && others.length === 0) return only;
  const measured = await Promise.all(
    places.map(async (place) => ({ place, time: await answerTime((signal) => ask(place, signal)) })),
  );
  const answering = measured.flatMap(({ place, time }) => (time === null ? [] : [{ place, time }]));
  const [chosen] = chooseBy === "order" ? answering : answering.toSorted((a, b) => a.time - b.time);
  return chosen?.place ?? null;
};
