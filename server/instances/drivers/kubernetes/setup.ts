import { z } from "zod";
import type { Settings } from "../../../../schemas/settings.ts";
import { claimProblem } from "./cache.ts";
import type { Cluster } from "./cluster.ts";
import { isMissing } from "./errors.ts";
import { manifestsOf, rightsOf } from "./manifests.ts";
import type { Manifest } from "./manifests.ts";
import { offersClaims, SANDBOX_API } from "./sandbox.ts";

const collections: Readonly<Record<string, string>> = {
  Namespace: "namespaces",
  ServiceAccount: "serviceaccounts",
  Role: "roles",
  RoleBinding: "rolebindings",
  NetworkPolicy: "networkpolicies",
  ResourceQuota: "resourcequotas",
  LimitRange: "limitranges",
};

const pathOf = ({ apiVersion, kind, metadata }: Manifest): string => {
  const base = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const inside = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${base}${inside}/${collections[kind] ?? ""}`;
};

const titleOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;

const Found = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }) });

const find = async (cluster: Cluster, manifest: Manifest, signal: AbortSignal) => {
  try {
    const path = `${pathOf(manifest)}/${manifest.metadata.name}`;
    return await cluster.ask(Found, "GET", path, {}, signal);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
};

/** Creates missing objects and does not change existing ones. Reports what it did for each object. */
export const setUpCluster = async (
  cluster: Cluster,
  settings: Settings,
  signal: AbortSignal,
): Promise<{ title: string; created: boolean }[]> => {
  const done = [];
  for (const manifest of manifestsOf(settings)) {
    const isThere = (await find(cluster, manifest, signal)) !== null;
    if (!isThere) await cluster.ask(z.unknown(), "POST", pathOf(manifest), { body: manifest }, signal);
    done.push({ title: titleOf(manifest), created: !isThere });
  }
  return done;
};

export interface ClusterCheck {
  title: string;
  /** What is wrong; null if nothing is. */
  problem: string | null;
}

const ENFORCE = "pod-security.kubernetes.io/enforce";

const checkObject = async (
  cluster: Cluster,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ClusterCheck> => {
  const title = titleOf(manifest);
  try {
    const found = await find(cluster, manifest, signal);
    if (found === null) return { title, problem: "missing" };
    const level = found.metadata.labels[ENFORCE] ?? "privileged";
    const isLoose = manifest.kind === "Namespace" && level !== "restricted";
    return { title, problem: isLoose ? `its Pod Security Standard is ${level}, not restricted` : null };
  } catch (error) {
    return { title, problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
};

const Review = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Whether this user or account has the rights that a runtime needs. */
const checkRights = async (
  cluster: Cluster,
  settings: Settings,
  signal: AbortSignal,
): Promise<ClusterCheck[]> => {
  const asked = rightsOf(settings).flatMap(
    ({ apiGroups: [group], resources, verbs, resourceNames: [name] = [] }) =>
      resources.flatMap((full) =>
        verbs.map((verb) => {
          const [resource = "", subresource] = full.split("/");
          const of = {
            ...(subresource !== undefined && { subresource }),
            ...(name !== undefined && { name }),
          };
          return { group, resource, verb, ...of };
        }),
      ),
  );
  return Promise.all(
    asked.map(async (attributes): Promise<ClusterCheck> => {
      const { resource, verb } = attributes;
      const body = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { ...attributes, namespace: cluster.namespace } },
      };
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      const { status } = await cluster.ask(Review, "POST", path, { body }, signal);
      const full = "subresource" in attributes ? `${resource}/${attributes.subresource}` : resource;
      return { title: `right to ${verb} ${full}`, problem: status.allowed ? null : "missing" };
    }),
  );
};

const checkCache = async (
  cluster: Cluster,
  { kubernetes: { cache_claim: claim } }: Settings,
  signal: AbortSignal,
): Promise<ClusterCheck[]> => {
  if (claim === null) return [];
  const problem = await claimProblem(cluster, claim, signal);
  const without = "until then, each pod gets the whole workspace";
  return [
    { title: `PersistentVolumeClaim ${claim}`, problem: problem === null ? null : `${problem}; ${without}` },
  ];
};

/** Everything that instances need in a cluster, each with its problem if there is one. */
export const checkCluster = async (
  cluster: Cluster,
  settings: Settings,
  signal: AbortSignal,
): Promise<ClusterCheck[]> => {
  const objects = await Promise.all(
    manifestsOf(settings)
      // A runtime outside the cluster has its own rights, which are checked below.
      .filter(({ kind }) => !["ServiceAccount", "Role", "RoleBinding"].includes(kind))
      .map((manifest) => checkObject(cluster, manifest, signal)),
  );
  const image: ClusterCheck = {
    title: "setting kubernetes.image",
    problem: settings.kubernetes.image === null ? "not set: name an image that the cluster can pull" : null,
  };
  const { warm_pool } = settings.kubernetes;
  const controller: ClusterCheck[] =
    warm_pool === null
      ? []
      : [
          {
            title: `controller agent-sandbox (${SANDBOX_API})`,
            problem: (await offersClaims(cluster, signal))
              ? null
              : "missing: install it; until then, the runtime creates pods instead of claiming them",
          },
        ];
  const rights = await checkRights(cluster, settings, signal);
  return [...objects, ...controller, ...(await checkCache(cluster, settings, signal)), ...rights, image];
};
