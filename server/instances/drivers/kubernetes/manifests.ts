import type { Settings } from "../../../../schemas/settings.ts";
import { FILES_LIMITS, MANAGED } from "./pod.ts";
import { CLAIMS, SANDBOX_GROUP } from "./sandbox.ts";

/** An object of the cluster, in the form that `kubectl apply` accepts. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string> };
  [field: string]: unknown;
}

const NAME = "coditect";
/** The account of a runtime that runs in the cluster. */
const RUNTIME_ACCOUNT = "coditect-runtime";
const OVERHEAD_MB = 128;
const SCRATCH_MB = 512;

interface Right {
  apiGroups: readonly [string];
  resources: readonly string[];
  verbs: readonly string[];
  /** If left out, of all names. */
  resourceNames?: readonly string[];
}

const rights: readonly Right[] = [
  { apiGroups: [""], resources: ["pods"], verbs: ["create", "get", "list", "watch", "delete"] },
  // Opening a WebSocket is `get`; newer API servers ask for `create`.
  { apiGroups: [""], resources: ["pods/attach", "pods/exec"], verbs: ["get", "create"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create", "get", "update"] },
];
const claimRights: Right = {
  apiGroups: [SANDBOX_GROUP],
  resources: [CLAIMS],
  verbs: ["create", "get", "list", "delete"],
};

/** The runtime looks whether the claim is there, because pods without their claim do not start. */
const cacheRights = (claim: string): Right => ({
  apiGroups: [""],
  resources: ["persistentvolumeclaims"],
  verbs: ["get"],
  resourceNames: [claim],
});

/** The rights of a runtime. All of them are limited to its namespace. */
export const rightsOf = ({ kubernetes }: Settings): readonly Right[] => [
  ...rights,
  ...(kubernetes.warm_pool === null ? [] : [claimRights]),
  ...(kubernetes.cache_claim === null ? [] : [cacheRights(kubernetes.cache_claim)]),
];

/**
 * What a cluster needs for instances: a namespace under the Pod Security Standard `restricted`, an account
 * with the fewest rights, no network for its pods, and caps that follow the pool's settings.
 */
export const manifestsOf = (settings: Settings): Manifest[] => {
  const { kubernetes, pool } = settings;
  const { namespace } = kubernetes;
  const labels = { ...MANAGED };
  const metadata = (name: string) => ({ name, namespace, labels });
  // A pod that ends still counts until it is gone.
  const pods = pool.max_instances * 2;
  const most = Math.max(pool.memory_mb, kubernetes.max_memory_mb ?? 0) + OVERHEAD_MB;
  const memory = most + FILES_LIMITS.memory_mb;
  const cpu = pool.cpus + FILES_LIMITS.cpus;
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: namespace,
        labels: {
          ...labels,
          "pod-security.kubernetes.io/enforce": "restricted",
          "pod-security.kubernetes.io/audit": "restricted",
          "pod-security.kubernetes.io/warn": "restricted",
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: metadata(RUNTIME_ACCOUNT),
      automountServiceAccountToken: false,
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: metadata(RUNTIME_ACCOUNT),
      rules: rightsOf(settings),
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: metadata(RUNTIME_ACCOUNT),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: RUNTIME_ACCOUNT },
      subjects: [{ kind: "ServiceAccount", name: RUNTIME_ACCOUNT, namespace }],
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: metadata("coditect-deny-all"),
      // No traffic to or from any pod with our label, whatever labels a user's patch adds.
      spec: { podSelector: { matchLabels: labels }, policyTypes: ["Ingress", "Egress"] },
    },
    {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: metadata(NAME),
      spec: {
        hard: {
          pods: String(pods),
          "limits.cpu": String(pods * cpu),
          "limits.memory": `${pods * memory}Mi`,
          "limits.ephemeral-storage": `${pods * (pool.disk_mb + SCRATCH_MB + FILES_LIMITS.disk_mb)}Mi`,
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: metadata(NAME),
      spec: {
        limits: [
          {
            type: "Container",
            // For the worker, or for the container that receives the workspace.
            max: {
              cpu: String(Math.max(pool.cpus, FILES_LIMITS.cpus)),
              memory: `${Math.max(most, FILES_LIMITS.memory_mb)}Mi`,
            },
          },
        ],
      },
    },
  ];
};
