import { readFile } from "node:fs/promises";
import { z } from "zod";
import { Json } from "../../../schemas/primitives.ts";
import type { Cluster } from "../../../server/instances/drivers/kubernetes/cluster.ts";
import { isConflict, isMissing } from "../../../server/instances/drivers/kubernetes/errors.ts";
import { podsPath } from "../../../server/instances/drivers/kubernetes/pods.ts";
import { CLAIM_UID_LABEL, SANDBOX_API } from "../../../server/instances/drivers/kubernetes/sandbox.ts";

const Crd = z.object({
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.tuple([z.object({ schema: z.object({ openAPIV3Schema: z.record(z.string(), Json) }) })]),
  }),
});

/** The published definitions of agent-sandbox's objects, by kind. */
export const sandboxSchemas = async (): Promise<Map<string, Record<string, Json>>> => {
  const file = new URL("sandbox-crds.json", import.meta.url);
  const { crds } = z.object({ crds: z.array(Crd) }).parse(JSON.parse(await readFile(file, "utf8")));
  return new Map(crds.map(({ spec }) => [spec.names.kind, spec.versions[0].schema.openAPIV3Schema]));
};

const Owned = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
});
const Claim = z.looseObject({
  metadata: z.looseObject({ name: z.string(), uid: z.string() }),
  spec: z.looseObject({ warmPoolRef: z.object({ name: z.string() }) }),
});
type Claim = z.infer<typeof Claim>;
const Claims = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(Claim),
});
const Change = z.object({ type: z.string(), object: Claim });

const Template = z.looseObject({
  spec: z.looseObject({
    podTemplate: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.record(z.string(), Json),
    }),
  }),
});
const Pool = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ replicas: z.int() }),
});

/**
 * The part of agent-sandbox's controller that instances need, for any API server. It keeps pods of a template ready,
 * assigns one to each claim and ends it with the claim. It creates no `Sandbox` objects.
 */
export class SandboxController {
  readonly #cluster: Cluster;
  readonly #template: z.infer<typeof Template>;
  readonly #pool: z.infer<typeof Pool>;
  readonly #ending = new AbortController();
  /** Names of pods that nobody has claimed. */
  readonly #ready: string[] = [];
  /** The name of the pod of each claim. */
  readonly #given = new Map<string, string>();
  #made = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, template: unknown, pool: unknown) {
    this.#cluster = cluster;
    this.#template = Template.parse(template);
    this.#pool = Pool.parse(pool);
  }

  /** Resolves when all pods of the pool were created. */
  async start(): Promise<void> {
    await this.#fill();
    const { metadata } = await this.#cluster.ask(Claims, "GET", this.#claims(), {}, this.#ending.signal);
    this.#loop = this.#follow(metadata.resourceVersion).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) throw error;
    });
  }

  /** The unclaimed pods. */
  get ready(): readonly string[] {
    return this.#ready;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  #claims(name?: string): string {
    const { namespace } = this.#cluster;
    return `/apis/${SANDBOX_API}/namespaces/${namespace}/sandboxclaims${name === undefined ? "" : `/${name}`}`;
  }

  async #follow(resourceVersion: string): Promise<void> {
    for await (const line of this.#cluster.watch(this.#claims(), { resourceVersion }, this.#ending.signal)) {
      const { type, object } = Change.parse(line);
      const { name } = object.metadata;
      if (type === "DELETED") await this.#end(name);
      else if (!this.#given.has(name)) await this.#give(object);
      await this.#fill();
    }
  }

  async #fill(): Promise<void> {
    const { podTemplate } = this.#template.spec;
    while (this.#ready.length < this.#pool.spec.replicas) {
      this.#made += 1;
      const name = `${this.#pool.metadata.name}-${this.#made}`;
      const metadata = { ...podTemplate.metadata, name };
      const body = { apiVersion: "v1", kind: "Pod", metadata, spec: podTemplate.spec };
      const path = podsPath(this.#cluster.namespace);
      await this.#cluster.ask(Owned, "POST", path, { body }, this.#ending.signal);
      this.#ready.push(name);
    }
  }

  async #give(claim: Claim): Promise<void> {
    const [pod] = this.#ready;
    if (pod === undefined || claim.spec.warmPoolRef.name !== this.#pool.metadata.name) return;
    this.#ready.shift();
    const { name } = claim.metadata;
    this.#given.set(name, pod);
    await this.#mark(pod, claim);
    const status = {
      conditions: [
        {
          ...{ type: "Ready", status: "True", reason: "SandboxReady", message: "" },
          lastTransitionTime: new Date().toISOString(),
        },
      ],
      sandbox: { name: pod },
    };
    const path = `${this.#claims(name)}/status`;
    const { resourceVersion: _, ...metadata } = claim.metadata;
    const body = { ...claim, metadata, status };
    await this.#cluster.ask(Owned, "PUT", path, { body }, this.#ending.signal).catch((error: unknown) => {
      // The user of the claim was faster.
      if (!isMissing(error)) throw error;
    });
  }

  /** Labels a pod. If the kubelet writes its status in between, the pod is read again. */
  async #mark(name: string, { metadata: { name: claim, uid } }: Claim): Promise<void> {
    const { signal } = this.#ending;
    const path = podsPath(this.#cluster.namespace, name);
    for (;;) {
      const pod = await this.#cluster.ask(Owned, "GET", path, {}, signal);
      const labels = { ...pod.metadata.labels, [CLAIM_UID_LABEL]: uid };
      const ownerReferences = [{ apiVersion: SANDBOX_API, kind: "SandboxClaim", name: claim, uid }];
      const body = { ...pod, metadata: { ...pod.metadata, labels, ownerReferences } };
      try {
        await this.#cluster.ask(Owned, "PUT", path, { body }, signal);
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  async #end(claim: string): Promise<void> {
    const pod = this.#given.get(claim);
    if (pod === undefined) return;
    this.#given.delete(claim);
    const path = podsPath(this.#cluster.namespace, pod);
    const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
    await this.#cluster.ask(Owned, "DELETE", path, { body }, this.#ending.signal).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}
