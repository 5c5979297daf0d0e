import { fail } from "../../../../schemas/errors.ts";
import type { Overseer, ProbeTarget } from "./overseer.ts";

/** What instances of one runtime must not reach, and how to measure it. */
export interface IsolationRules<Place extends string> {
  targets: readonly (ProbeTarget & { name: Place })[];
  /** The name of each place in messages. Messages list the places in this order. */
  words: Readonly<Record<Place, string>>;
  /** Which results of an attempt mean that a place was reached. The default is `connected`. */
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
 * Tries from inside an instance what its network should prevent. Resolves with the places that it can reach
 * and the user allows. Errors: `instance_exposed` if it can reach another place, `instance_not_started` if
 * nothing could be measured.
 */
export const measureIsolation = async <Place extends string>(
  overseer: Overseer,
  rules: IsolationRules<Place>,
): Promise<Place[]> => {
  const results = await overseer.probe(rules.targets);
  if (results.length === 0)
    throw fail("instance_not_started", { reason: "its isolation could not be measured" });
  const answers = (place: Place): RegExp => rules.reached[place] ?? connected;
  // All keys of this record are places.
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
