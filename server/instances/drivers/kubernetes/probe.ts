import { fail } from "../../../../schemas/errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Overseer, ProbeTarget } from "./overseer.ts";
import type { Pod } from "./pods.ts";
import type { KubernetesSettings } from "./settings.ts";

type Place = KubernetesSettings["allow_reachable"][number];

/** How each place is called when it is told to people. */
const words: Readonly<Record<Place, string>> = {
  api_server: "the API server",
  dns: "the cluster's name server",
  metadata: "the cloud's metadata address",
  internet: "the internet",
  pods: "another pod",
};

const METADATA = ["169.254.169.254", "fd00:ec2::254"];
const INTERNET = ["1.1.1.1", "8.8.8.8"];
const HTTPS = 443;
const KUBELET_PORT = 10_250;

/** What an instance must not reach. `pods`: those that run, for one that is not this instance. */
const targetsOf = (cluster: Cluster, podName: string, pods: readonly Pod[]): ProbeTarget[] => {
  const { hostname, port, protocol } = cluster.url("http", "/");
  const others = pods.flatMap(({ metadata, status }) =>
    metadata.name === podName || status.podIP === undefined ? [] : [status.podIP],
  );
  return [
    { name: "api_server", host: hostname, port: Number(port) || (protocol === "https:" ? HTTPS : 80) },
    { name: "api_server", host: "", port: HTTPS },
    { name: "dns", query: "kubernetes.default.svc.cluster.local" },
    ...METADATA.map((host) => ({ name: "metadata", host, port: 80 })),
    ...INTERNET.map((host) => ({ name: "internet", host, port: HTTPS })),
    ...others.slice(0, 2).map((host) => ({ name: "pods", host, port: KUBELET_PORT })),
  ];
};

const answered: Readonly<Record<string, RegExp>> = {
  // A name server that says there is no such name was reached, too.
  dns: /^(connected|ENOTFOUND|ENODATA|ESERVFAIL|EREFUSED)$/,
  // Nobody listens there: who says so was reached.
  pods: /^(connected|ECONNREFUSED)$/,
};
const connected = /^connected$/;

/**
 * Tries from inside an instance what its policies should prevent. Resolves with what it could reach and the
 * user allows; errors: `instance_exposed` for the rest.
 */
export const probeIsolation = async (
  cluster: Cluster,
  podName: string,
  pods: readonly Pod[],
  overseer: Overseer,
  allowed: KubernetesSettings["allow_reachable"],
): Promise<string[]> => {
  const results = await overseer.probe(targetsOf(cluster, podName, pods));
  if (results.length === 0)
    throw fail("instance_not_started", { reason: "its isolation could not be measured" });
  const reached = results.filter(({ name, result }) => (answered[name] ?? connected).test(result));
  const names = new Set(reached.map(({ name }) => name));
  const places = (Object.keys(words) as Place[]).filter((place) => names.has(place));
  const exposed = places.filter((place) => !allowed.includes(place));
  if (exposed.length > 0) {
    throw fail("instance_exposed", {
      reached: exposed.map((place) => words[place]).join(", "),
      setting: exposed.join(","),
    });
  }
  return places;
};
