import { fail } from "../../../../schemas/errors.ts";
import type { Overseer, ProbeTarget } from "./overseer.ts";

/** What instances of one runtime must not reach, and how it is measured. */
export interface IsolationRules<Place extends string> {
  targets: readonly (ProbeTarget & { name: Place })[];
  /** How each place is called in messages, in the order in which they are named. */
  words: Readonly<Record<Place, string>>;
  /** Which results of an attempt say that a place was reached; left out: `connected`. */
  reached: Readonly<Partial<Record<Place, RegExp>>>;
  /** Places that the user allows. */
  allowed: readonly Place[];
  /** What the user can do about places of the network that are reached. */
  hint: (exposed: readonly Place[]) => string;
}

/** What the user can do if commands could change the first process of their container. */
const OPEN_PROCESSES =
  "Build the image again with this version (coditect image build) and push it. If the container's sandbox still lets commands open the memory of other processes, you can add processes to allow_reachable. Commands can then affect later runs of their instance.";

const connected = /^connected$/;

/**
 * Tries from inside an instance what its network should prevent. Resolves with what it could reach and the
 * user allows; errors: `instance_exposed` for the rest, `instance_not_started` if nothing could be measured.
 */
export const measureIsolation = async <Place extends string>(
  overseer: Overseer,
  rules: IsolationRules<Place>,
): Promise<Place[]> => {
  const results = await overseer.probe(rules.targets);
  if (results.length === 0)
    throw fail("instance_not_started", { reason: "its isolation could not be measured" });
  const answers = (place: Place): RegExp => rules.reached[place] ?? connected;
  // The keys of a record of places are places.
  const places = (Object.keys(rules.words) as Place[]).filter((place) =>
    results.some(({ name, result }) => name === place && answers(place).test(result)),
  );
  const exposed = places.filter((place) => !rules.allowed.includes(place));
  if (exposed.length > 0) {
    const reached = exposed.map((place) => rules.words[place]).join(", ");
    const network = exposed.filter((place) => place !== "processes");
    const hints = [
      ...(network.length < exposed.length ? [OPEN_PROCESSES] : []),
      ...(network.length > 0 ? [rules.hint(network)] : []),
    ];
    throw fail("instance_exposed", { reached, hint: hints.join(" ") });
  }
  return places;
};
