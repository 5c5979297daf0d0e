import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { chooseAnswering } from "../remote/choose.ts";
import { openCluster } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { KubernetesSettings } from "./settings.ts";

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
  const clusters = await Promise.all(contextsOf(settings).map((context) => open({ context, namespace })));
  const chosen = await chooseAnswering(clusters, choose_by, (cluster, signal) =>
    cluster.ask(z.unknown(), "GET", "/version", {}, signal),
  );
  if (chosen === null) {
    throw fail("cluster_unavailable", {
      reason: `none of the contexts ${settings.contexts.join(", ")} answers`,
      hint: "Check that their clusters are reachable, and the setting kubernetes.contexts.",
    });
  }
  return chosen;
};
