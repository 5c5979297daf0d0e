import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Settings } from "../../schemas/settings.ts";
import type { ApiRequest } from "../../server/instances/drivers/kubernetes/cluster.ts";
import { manifestsOf, rightsOf } from "../../server/instances/drivers/kubernetes/manifests.ts";
import { checkCluster } from "../../server/instances/drivers/kubernetes/setup.ts";
import { never } from "../integration/instances/pool-harness.ts";
import { runCommand } from "../support/command.ts";
import { realCluster } from "../support/cluster/real-cluster.ts";

const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/coditect";
const pods = "/api/v1/namespaces/coditect/pods";
const leases = "/apis/coordination.k8s.io/v1/namespaces/coditect/leases";
const Any = z.unknown();

interface Ask {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  request?: ApiRequest;
}

/** A request of the driver for each right; what it is for is not there, so that only the right decides. */
const requests: Record<string, Ask> = {
  "create pods": { method: "POST", path: pods, request: { body: { apiVersion: "v1", kind: "Pod" } } },
  "get pods": { method: "GET", path: `${pods}/none` },
  "list pods": { method: "GET", path: pods },
  "watch pods": { method: "GET", path: pods, request: { query: { watch: "true", timeoutSeconds: "1" } } },
  "delete pods": { method: "DELETE", path: `${pods}/none` },
  "get pods/attach": { method: "GET", path: `${pods}/none/attach` },
  "create pods/attach": { method: "POST", path: `${pods}/none/attach` },
  "get pods/exec": { method: "GET", path: `${pods}/none/exec` },
  "create pods/exec": { method: "POST", path: `${pods}/none/exec` },
  "create leases": {
    method: "POST",
    path: leases,
    request: { body: { apiVersion: "coordination.k8s.io/v1", kind: "Lease" } },
  },
  "get leases": { method: "GET", path: `${leases}/none` },
  "update leases": {
    method: "PUT",
    path: `${leases}/none`,
    request: { body: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "none" } } },
  },
};

const named = rightsOf(Settings.parse({})).flatMap(({ apiGroups, resources, verbs }) =>
  resources.flatMap((resource) => verbs.map((verb) => ({ group: apiGroups[0], resource, verb }))),
);

describe("rights in a real cluster", () => {
  const cluster = realCluster();
  before(async () => {
    const admin = cluster().plane.as("admin");
    const metadata = { name: "limited", namespace: "coditect" };
    const api = "rbac.authorization.k8s.io";
    const role = { apiVersion: `${api}/v1`, kind: "Role", metadata, rules: [] };
    const binding = {
      apiVersion: `${api}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: api, kind: "Role", name: "limited" },
      subjects: [{ apiGroup: api, kind: "User", name: "limited" }],
    };
    await admin.ask(Any, "POST", `${rbac}/roles`, { body: role }, never);
    await admin.ask(Any, "POST", `${rbac}/rolebindings`, { body: binding }, never);
  });

  /** The status of a request of this user; 200 where it is answered. */
  const statusOf = async (user: "runtime" | "limited", { method, path, request = {} }: Ask) => {
    try {
      if (request.query?.watch === "true") {
        const changes = cluster().plane.as(user).watch(path, request.query, AbortSignal.timeout(5000));
        await changes.next();
      } else await cluster().plane.as(user).ask(Any, method, path, request, never);
      return 200;
    } catch (error) {
      return z.object({ status: z.int() }).parse(error).status;
    }
  };

  it("gives the runtime's account every right that the driver uses", async () => {
    for (const [name, ask] of Object.entries(requests))
      assert.notEqual(await statusOf("runtime", ask), 403, name);
    assert.deepEqual(
      Object.keys(requests).toSorted(),
      named.map(({ verb, resource }) => `${verb} ${resource}`).toSorted(),
    );
  });

  it("gives it nothing else", async () => {
    const others: Ask[] = [
      { method: "GET", path: "/api/v1/namespaces/coditect/secrets" },
      { method: "GET", path: "/api/v1/namespaces/coditect/configmaps" },
      { method: "GET", path: "/api/v1/namespaces/coditect/serviceaccounts" },
      { method: "GET", path: "/api/v1/namespaces/default/pods" },
      { method: "GET", path: "/api/v1/nodes" },
      { method: "GET", path: "/api/v1/namespaces" },
      { method: "GET", path: `${pods}/none/log` },
      { method: "PUT", path: `${pods}/none`, request: { body: { apiVersion: "v1", kind: "Pod" } } },
      { method: "DELETE", path: `${leases}/none` },
      { method: "GET", path: leases },
      { method: "GET", path: `${rbac}/roles` },
    ];
    for (const ask of others) assert.equal(await statusOf("runtime", ask), 403, `${ask.method} ${ask.path}`);
  });

  for (const left of named) {
    const name = `${left.verb} ${left.resource}`;
    it(`cannot do without the right to ${name}, and the check names it`, async () => {
      const rules = named
        .filter((one) => one !== left)
        .map(({ group, resource, verb }) => ({ apiGroups: [group], resources: [resource], verbs: [verb] }));
      const role = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "limited", namespace: "coditect" },
        rules,
      };
      await cluster().plane.as("admin").ask(Any, "PUT", `${rbac}/roles/limited`, { body: role }, never);
      // The API server sees a role that was changed a moment later.
      const missing = async (): Promise<string[]> => {
        const checks = await checkCluster(cluster().plane.as("limited"), Settings.parse({}), never);
        return checks
          .filter(({ title, problem }) => title.startsWith("right") && problem !== null)
          .map(({ title }) => title);
      };
      const expected = [`right to ${name}`];
      const deadline = performance.now() + 20_000;
      let found = await missing();
      while (String(found) !== String(expected) && performance.now() < deadline) {
        await sleep(50);
        found = await missing();
      }
      assert.deepEqual(found, expected);
      const ask = requests[name];
      assert.ok(ask, "the driver makes such a request");
      assert.equal(await statusOf("limited", ask), 403);
    });
  }
});

describe("coditect cluster, against a real cluster", () => {
  const cluster = realCluster();
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-workspace-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const run = (user: "admin" | "runtime" | "limited", ...args: string[]) =>
    runCommand(["cluster", ...args], {
      folder,
      environment: { KUBECONFIG: cluster().plane.kubeconfig(user) },
    });

  it("changes nothing that is there, and finds nothing missing but the image", async () => {
    const again = await run("admin", "setup", "--json");
    assert.equal(again.exit_code, 0, again.stderr);
    const done = again.stdout
      .trim()
      .split("\n")
      .map((line) => z.object({ title: z.string(), created: z.boolean() }).parse(JSON.parse(line)));
    assert.equal(done.length, manifestsOf(Settings.parse({})).length);
    assert.ok(done.every(({ created }) => !created));
    const checked = await run("admin", "check");
    assert.equal(checked.exit_code, 1);
    const problems = checked.stdout.split("\n").filter((line) => line.startsWith("✖"));
    assert.equal(problems.length, 1, checked.stdout);
    assert.match(problems[0] ?? "", /kubernetes\.image/);
  });

  it("says which rights a user is missing, and that nothing may be created", async () => {
    const refused = await run("limited", "setup");
    assert.notEqual(refused.exit_code, 0);
    assert.match(refused.stderr, /cluster check/);
  });

  it("prints manifests that the API server takes as they are", async () => {
    const { stdout } = await run("admin", "manifests", "--json");
    const titles = stdout
      .trim()
      .split("\n")
      .map((line) => z.looseObject({ kind: z.string() }).parse(JSON.parse(line)).kind);
    assert.deepEqual(
      titles,
      manifestsOf(Settings.parse({})).map(({ kind }) => kind),
    );
  });
});
