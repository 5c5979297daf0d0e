import type { ProbeTarget } from "../remote/overseer.ts";
import type { IsolationRules } from "../remote/isolation.ts";
import type { Cluster } from "./cluster.ts";
import type { Pod } from "./pods.ts";
import type { KubernetesSettings } from "./settings.ts";

type Place = KubernetesSettings["allow_reachable"][number];

const METADATA = ["169.254.169.254", "fd00:ec2::254"];
const INTERNET = ["1.1.1.1", "8.8.8.8"];
const HTTPS = 443;
const KUBELET_PORT = 10_250;

/** `pods`: the running pods, to find one that is not this instance. */
const targetsOf = (
  cluster: Cluster,
  podName: string,
  pods: readonly Pod[],
): (ProbeTarget & { name: Place })[] => {
  const { hostname, port, protocol } = cluster.url("http", "/");
  const others = pods.flatMap(({ metadata, status }) =>
    metadata.name === podName || status.podIP === undefined ? [] : [status.podIP],
  );
  return [
    { name: "processes", memory: true },
    { name: "api_server", host: hostname, port: Number(port) || (protocol === "https:" ? HTTPS : 80) },
    { name: "api_server", host: "", port: HTTPS },
    { name: "dns", query: "kubernetes.default.svc.cluster.local" },
    ...METADATA.map((host) => ({ name: "metadata" as const, host, port: 80 })),
    ...INTERNET.map((host) => ({ name: "internet" as const, host, port: HTTPS })),
    ...others.slice(0, 2).map((host) => ({ name: "pods" as const, host, port: KUBELET_PORT })),
  ];
};

/** What an instance in a cluster must not reach. */
export const podRules = (
  cluster: Cluster,
  podName: string,
  pods: readonly Pod[],
  allowed: readonly Place[],
): IsolationRules<Place> => ({
  targets: targetsOf(cluster, podName, pods),
  words: {
    processes: "the memory of other processes in its container",
    api_server: "the API server",
    dns: "the cluster's name server",
    metadata: "the cloud's metadata address",
    internet: "the internet",
    pods: "another pod",
  },
  reached: {
    // A name server that answers that a name does not exist was reached, too.
    dns: /^(connected|ENOTFOUND|ENODATA|ESERVFAIL|EREFUSED)$/,
    // Nothing listens on this port, so a refused connection shows that the host was reached.
    pods: /^(connected|ECONNREFUSED)$/,
  },
  allowed,
  hint: (exposed) =>
    `Apply the network policy (coditect cluster setup) on a cluster that enforces it, or add these places to the setting kubernetes.allow_reachable: ${exposed.join(",")}.`,
});
