const ANSWER_MS = 5000;

/** How one of several places is chosen: the first that answers, or the one that answers soonest. */
export type ChooseBy = "order" | "latency";

/**
 * The place that a runtime uses until it ends. A single place is used without asking it. Null: none of several
 * places answers in time.
 */
export const chooseAnswering = async <Place>(
  places: readonly Place[],
  chooseBy: ChooseBy,
  ask: (place: Place, signal: AbortSignal) => Promise<unknown>,
): Promise<Place | null> => {
  const [only, ...others] = places;
  if (only !== undefined && others.length === 0) return only;
  const asked = places.map(async (place) => {
    await ask(place, AbortSignal.timeout(ANSWER_MS));
    return place;
  });
  if (chooseBy === "latency") return await Promise.any(asked).catch(() => null);
  const answers = asked.map((each) => each.catch(() => null));
  for (const answer of answers) {
    const place = await answer;
    if (place !== null) return place;
  }
  return null;
};
