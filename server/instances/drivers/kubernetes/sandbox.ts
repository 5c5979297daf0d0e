import { z } from "zod";
import type { Cluster } from "./cluster.ts";
import { isMissing } from "./errors.ts";

/** API group of the controller `kubernetes-sigs/agent-sandbox`. */
export const SANDBOX_GROUP = "extensions.agents.x-k8s.io";
const VERSION = "v1beta1";
export const SANDBOX_API = `${SANDBOX_GROUP}/${VERSION}`;
export const CLAIMS = "sandboxclaims";
/** The controller labels the pod of a claim with the UID of the claim. */
export const CLAIM_UID_LABEL = "agents.x-k8s.io/claim-uid";

const Claim = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
});
export type Claim = z.infer<typeof Claim>;

const claimsPath = ({ namespace }: Cluster, name?: string): string =>
  `/apis/${SANDBOX_API}/namespaces/${namespace}/${CLAIMS}${name === undefined ? "" : `/${name}`}`;

/** Whether the cluster knows the controller's kinds of objects. */
export const offersClaims = async (cluster: Cluster, signal: AbortSignal): Promise<boolean> => {
  try {
    await cluster.ask(z.unknown(), "GET", `/apis/${SANDBOX_API}`, {}, signal);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

export interface WantedClaim {
  name: string;
  /** The warm pool that the pod comes from. */
  pool: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** After this time the controller ends the pod, whatever it does. */
  seconds: number;
}

/** Asks the controller for a pod. The claim adds nothing to the pod from the pool. */
export const createClaim = (cluster: Cluster, wanted: WantedClaim, signal: AbortSignal): Promise<Claim> => {
  const { name, pool, labels, annotations, seconds } = wanted;
  const body = {
    apiVersion: SANDBOX_API,
    kind: "SandboxClaim",
    metadata: { name, labels, annotations },
    spec: {
      warmPoolRef: { name: pool },
      lifecycle: {
        shutdownTime: new Date(Date.now() + seconds * 1000).toISOString(),
        shutdownPolicy: "Delete",
      },
    },
  };
  return cluster.ask(Claim, "POST", claimsPath(cluster), { body }, signal);
};

export const readClaim = (cluster: Cluster, name: string, signal: AbortSignal): Promise<Claim> =>
  cluster.ask(Claim, "GET", claimsPath(cluster, name), {}, signal);

const Claims = z.object({ items: z.array(Claim) });

export const listClaims = async (
  cluster: Cluster,
  labelSelector: string,
  signal: AbortSignal,
): Promise<Claim[]> =>
  (await cluster.ask(Claims, "GET", claimsPath(cluster), { query: { labelSelector } }, signal)).items;

/** Returns a pod. The controller ends it, because it has seen a workspace. Does nothing if the claim is gone. */
export const deleteClaim = async (cluster: Cluster, name: string, signal: AbortSignal): Promise<void> => {
  try {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" };
    await cluster.ask(z.unknown(), "DELETE", claimsPath(cluster, name), { body }, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
};
