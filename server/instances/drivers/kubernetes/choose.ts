import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { openCluster } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { KubernetesSettings } from "./settings.ts";

const ANSWER_MS = 5000;

/** Milliseconds until an API server returns its version; null if it does not answer in time. */
const answerTime = async (cluster: Cluster): Promise<number | null> => {
  const started = performance.now();
  try {
    await cluster.ask(z.unknown(), "GET", "/version", {}, AbortSignal.timeout(ANSWER_MS));
    return performance.now() - started;
  } catch {
    return null;
  }
};

type Choice = Pick<KubernetesSettings, "context" | "contexts" | "choose_by" | "namespace">;

/** The contexts that a runtime may use, in order; null means the current one. */
export const contextsOf = ({ context, contexts }: Choice): (string | null)[] =>
  contexts.length > 0 ? contexts : [context];

/**
 * The cluster that instances run in. If there are several, the first that answers (`order`) or the one that
 * answers soonest (`latency`). Errors: `cluster_unavailable`.
 */
export const chooseCluster = async (
  settings: Choice,
  open: typeof openCluster = openCluster,
): Promise<Cluster> => {
  const { namespace, choose_by } = settings;
  const [only, ...others] = await Promise.all(
    contextsOf(settings).map((context) => open({ context, namespace })),
  );
  if (only !== undefined && others.length === 0) return only;
  const measured = await Promise.all(
    [only, ...others].map(async (cluster) =>
      cluster === undefined ? [] : [{ cluster, time: await answerTime(cluster) }],
    ),
  );
  const answering = measured
    .flat()
    .flatMap(({ cluster, time }) => (time === null ? [] : [{ cluster, time }]));
  const [chosen] = choose_by === "order" ? answering : answering.toSorted((a, b) => a.time - b.time);
  if (chosen === undefined) {
    throw fail("cluster_unavailable", {
      reason: `none of the contexts ${settings.contexts.join(", ")} answers`,
      hint: "Check that their clusters are reachable, and the setting kubernetes.contexts.",
    });
  }
  return chosen.cluster;
};
