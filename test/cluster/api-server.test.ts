import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { z } from "zod";
import { Settings } from "../../schemas/settings.ts";
import { RuntimeLease } from "../../server/instances/drivers/kubernetes/lease.ts";
import { podName, podOf } from "../../server/instances/drivers/kubernetes/pod.ts";
import { Pod, podsPath } from "../../server/instances/drivers/kubernetes/pods.ts";
import { type Json, Json as JsonSchema } from "../../schemas/primitives.ts";
import { never } from "../integration/instances/pool-harness.ts";
import { configOf } from "../support/cluster/control-plane.ts";
import { realCluster } from "../support/cluster/real-cluster.ts";

const Settled = Settings.parse({});
const Loose = z.looseObject({});

const specOf = (instanceId: string) => ({
  instance_id: instanceId,
  workspace: "/work/project",
  readable: ["/work/project"],
  copy: "/copies/0/copy",
  hidden: [],
  image: null,
  limits: { memory_mb: 512, cpus: 0.5, processes: 64, disk_mb: 256 },
  egress_socket: null,
  egress_loopback: null,
  egress_on_request: false,
});

const podWith = (instanceId: string, change: Partial<Settings["kubernetes"]> = {}): Json =>
  podOf(specOf(instanceId), {
    settings: { ...Settled.kubernetes, ...change },
    stateFolder: "/state",
    epoch: "test",
    args: ["/opt/worker.js"],
    folders: ["/work/project", "/opt"],
    cacheClaim: null,
  }).pod;

/** Waits on no node, so that only the API server has a say in it. */
const nowhere = { node_selector: { "coditect.dev/nowhere": "yes" } };

/** Patches of each kind that the settings allow or that a user may allow. */
const patches: Record<string, Record<string, Json>> = {
  "a label and a null": {
    metadata: { labels: { team: "one" }, annotations: { "coditect.dev/epoch": null } },
  },
  "an affinity in place of none": {
    spec: { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } },
  },
  "resources of one container": {
    spec: { containers: [{ name: "worker", resources: { limits: { memory: "1Gi" }, requests: null } }] },
  },
  "an environment variable more, and one changed": {
    spec: {
      containers: [
        {
          name: "worker",
          env: [
            { name: "LANG", value: "C" },
            { name: "MORE", value: "1" },
          ],
        },
      ],
    },
  },
  "a volume more, mounted": {
    spec: {
      volumes: [{ name: "cache", emptyDir: {} }],
      containers: [{ name: "worker", volumeMounts: [{ name: "cache", mountPath: "/cache" }] }],
    },
  },
  "tolerations, which have no name": { spec: { tolerations: [{ key: "gpu", operator: "Exists" }] } },
  "another container": { spec: { containers: [{ name: "log", image: "coditect-worker", env: [] }] } },
  "a name server more": { spec: { dnsConfig: { nameservers: ["10.0.0.1"], searches: ["a.example"] } } },
  "another name for the host": { spec: { hostAliases: [{ ip: "10.0.0.1", hostnames: ["one"] }] } },
  "a secret to pull with": { spec: { imagePullSecrets: [{ name: "second" }] } },
};

const Template = z.object({ metadata: Loose, spec: Loose });

/** What of a template a patch can change, without what the API server counts. */
const stored = (object: unknown): Json => {
  const { metadata, spec } = Template.parse(object);
  const { labels, annotations } = metadata;
  return JsonSchema.parse(JSON.parse(JSON.stringify({ labels, annotations, spec })));
};

describe("a real API server", () => {
  const cluster = realCluster();
  const create = (body: Json, query: Record<string, string> = {}) =>
    cluster().plane.as("runtime").ask(JsonSchema, "POST", podsPath("coditect"), { body, query }, never);

  /** A pod's template as the API server keeps it, which takes every change; no pod is made of it. */
  const createTemplate = async (name: string, template: z.infer<typeof Template>): Promise<unknown> => {
    const body = { apiVersion: "v1", kind: "PodTemplate", metadata: { name }, template };
    const path = "/api/v1/namespaces/coditect/podtemplates";
    const Made = z.object({ template: z.unknown() });
    return (await cluster().plane.as("admin").ask(Made, "POST", path, { body }, never)).template;
  };

  for (const [name, patch] of Object.entries(patches)) {
    it(`merges a patch as this driver does: ${name}`, async () => {
      const free = { ...nowhere, image_pull_secrets: ["first"] };
      const id = randomUUID();
      const bare = Template.parse(podWith(id, free));
      const [merge, ours] = [`merge-${id}`, `ours-${id}`];
      await createTemplate(merge, bare);
      const api = configOf("admin").makeApiClient(CoreV1Api);
      const merged = await api.patchNamespacedPodTemplate(
        { name: merge, namespace: "coditect", body: { template: patch } },
        setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
      );
      const patched = podWith(id, { ...free, patch, patch_allowed: ["spec", "metadata"] });
      const same = await createTemplate(ours, Template.parse(patched));
      assert.deepEqual(stored(same), stored(JSON.parse(JSON.stringify(merged.template))));
    });
  }

  it("takes a pod with every setting", async () => {
    const id = randomUUID();
    const body = podWith(id, {
      ...{ ...nowhere, queue: "team", image_pull_secrets: ["registry"] },
      tolerations: [{ key: "agents", operator: "Exists", effect: "NoSchedule" }],
    });
    const made = Pod.parse(await create(body, { dryRun: "All" }));
    assert.equal(made.metadata.name, podName(id));
  });

  it("refuses pods beyond the quota and the limits of the namespace", async () => {
    const big = { ...specOf(randomUUID()), limits: { ...specOf("").limits, memory_mb: 1_000_000 } };
    const { pod } = podOf(big, {
      settings: Settled.kubernetes,
      ...{
        stateFolder: "/state",
        epoch: "test",
        args: ["/opt/w.js"],
        folders: ["/work/project"],
        cacheClaim: null,
      },
    });
    await assert.rejects(create(pod), { status: 403, message: /maximum memory usage per Container/ });
  });

  it("keeps the policy that denies its pods every connection", async () => {
    const path = "/apis/networking.k8s.io/v1/namespaces/coditect/networkpolicies/coditect-deny-all";
    const { spec } = await cluster()
      .plane.as("admin")
      .ask(z.object({ spec: Loose }), "GET", path, {}, never);
    assert.deepEqual(spec, {
      podSelector: { matchLabels: { "app.kubernetes.io/managed-by": "coditect" } },
      policyTypes: ["Ingress", "Egress"],
    });
  });

  it("lets one runtime at a time own a state folder", async () => {
    const runtime = cluster().plane.as("runtime");
    const Lease = z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      spec: z.looseObject({ holderIdentity: z.string() }),
    });
    const path = "/apis/coordination.k8s.io/v1/namespaces/coditect/leases";
    const first = new RuntimeLease(runtime, "/a/state/of/two", () => undefined);
    await Promise.all([first.hold(never), first.hold(never)]);
    const { items } = await cluster()
      .plane.as("admin")
      .ask(z.object({ items: z.array(Lease) }), "GET", path, {}, never);
    const lease = items.find(({ spec }) => spec.holderIdentity === first.epoch);
    assert.ok(lease, "the runtime holds a Lease");
    const taken = {
      ...lease,
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      spec: {
        ...lease.spec,
        holderIdentity: "another-machine/1",
        renewTime: new Date().toISOString().replace("Z", "000Z"),
      },
    };
    const one = `${path}/${lease.metadata.name}`;
    await runtime.ask(Lease, "PUT", one, { body: taken }, never);
    const second = new RuntimeLease(runtime, "/a/state/of/two", () => undefined);
    await assert.rejects(second.hold(never), { code: "cluster_unavailable", message: /another-machine/ });
    // Its version is old: what it writes now must not take the Lease back.
    await first.release();
    const after = await runtime.ask(Lease, "GET", one, {}, never);
    assert.equal(after.spec.holderIdentity, "another-machine/1");
  });
});
