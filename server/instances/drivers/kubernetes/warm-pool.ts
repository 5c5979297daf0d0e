import { z } from "zod";
import type { Settings } from "../../../../schemas/settings.ts";
import { Json } from "../../../../schemas/primitives.ts";
import type { WorkerEntry } from "../../../platform/installation.ts";
import { findGit } from "../../../workspace/git.ts";
import { mountFolders } from "../../../workspace/tree.ts";
import { programFiles } from "../docker/mirror/mirrors.ts";
import type { WorkerSpec } from "../driver.ts";
import { visibleToWorker } from "../visible.ts";
import type { Manifest } from "./manifests.ts";
import { MANAGED, podOf } from "./pod.ts";
import { SANDBOX_API } from "./sandbox.ts";

export interface WarmPoolChoices {
  /** Name of the pool and of its template. */
  name: string;
  replicas: number;
  entry: WorkerEntry;
}

const MadePod = z.looseObject({ spec: z.record(z.string(), Json) });

/**
 * The template and the pool from which agent-sandbox creates pods for one workspace. The template is the pod that
 * the runtime would create, without the parts that belong to one instance or runtime. Its volumes mount the
 * workspace's folders, so a pool serves only this workspace.
 */
export const warmPoolOf = (
  workspace: string,
  { pool, kubernetes: settings, allowed_hosts, permissions, image }: Settings,
  { name, replicas, entry }: WarmPoolChoices,
): [Manifest, Manifest] => {
  const spec: WorkerSpec = {
    ...{ instance_id: "", workspace, hidden: [], copy: "", image },
    readable: visibleToWorker(workspace, findGit(workspace)).readable,
    limits: { memory_mb: pool.memory_mb, cpus: pool.cpus, processes: pool.pids, disk_mb: pool.disk_mb },
    // The pod depends only on whether there is a socket, not on its path.
    egress_socket: allowed_hosts.length > 0 || permissions === "ask" ? "" : null,
    egress_loopback: null,
    egress_on_request: allowed_hosts.length === 0,
  };
  const folders = mountFolders([...programFiles(entry), ...spec.readable]);
  const made = podOf(spec, {
    ...{ settings, stateFolder: "", epoch: "", args: entry.args, folders },
    cacheClaim: settings.cache_claim,
  });
  // The claim limits the lifetime of its pod. The time that the pod waits must not count.
  const { activeDeadlineSeconds: _, ...pod } = MadePod.parse(made.pod).spec;
  const metadata = { name, namespace: settings.namespace, labels: { ...MANAGED } };
  return [
    {
      apiVersion: SANDBOX_API,
      kind: "SandboxTemplate",
      metadata,
      spec: {
        podTemplate: { metadata: { labels: { ...MANAGED } }, spec: pod },
        // The network policy of coditect cluster setup denies everything; the controller's would allow the internet.
        networkPolicyManagement: "Unmanaged",
        service: false,
      },
    },
    {
      apiVersion: SANDBOX_API,
      kind: "SandboxWarmPool",
      metadata,
      spec: { replicas, sandboxTemplateRef: { name } },
    },
  ];
};
