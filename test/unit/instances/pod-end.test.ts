import assert from "node:assert/strict";
import { endOfPod } from "../../../server/instances/drivers/kubernetes/end.ts";
import { ApiError, clusterError } from "../../../server/instances/drivers/kubernetes/errors.ts";
import { Pod } from "../../../server/instances/drivers/kubernetes/pods.ts";

const ended = (exitCode: number, reason = "Error", metadata: object = {}, message?: string): Pod =>
  Pod.parse({
    metadata: { name: "pod", uid: "1", ...metadata },
    status: {
      phase: "Failed",
      containerStatuses: [{ name: "worker", state: { terminated: { exitCode, reason, message } } }],
    },
  });

const running = (metadata: object): Pod =>
  Pod.parse({
    metadata: { name: "pod", uid: "1", ...metadata },
    status: { phase: "Running", containerStatuses: [{ name: "worker", state: { running: {} } }] },
  });

describe("the end of a pod", () => {
  const deletion = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  const ends: [name: string, pod: Pod | null, how: string][] = [
    ["a crash", ended(137), "signal SIGKILL"],
    ["a deletion, whose containers end by a signal", ended(137, "Error", deletion), "its pod was deleted"],
    ["a deletion that its worker obeyed", ended(143, "Error", deletion), "its pod was deleted"],
    ["an end of its own while it is deleted", ended(3, "Error", deletion), "exit code 3"],
    ["memory, also while it is deleted", ended(137, "OOMKilled", deletion), "out of memory: over 300 MB"],
    [
      "an image without our shell",
      ended(128, "StartError", {}, "exec: /opt/coditect/bin/sh: no such file or directory"),
      "its image may be of another version; run coditect image build and coditect image push: exec: /opt/coditect/bin/sh: no such file or directory",
    ],
    ["a connection that broke", running({}), "the connection to its pod broke"],
    ["a connection that broke while it is deleted", running(deletion), "its pod was deleted"],
    ["a pod that is gone", null, "its pod was deleted"],
  ];
  for (const [name, pod, how] of ends)
    it(`is told apart: ${name}`, () => {
      assert.equal(endOfPod(pod, "", 300).how, how);
    });
});

describe("a pod that the cluster refuses", () => {
  const refusals: [says: string, hint: RegExp][] = [
    ["exceeded quota: team, requested: limits.memory=2Gi, used: 8Gi, limited: 8Gi", /quota raised/],
    ["maximum memory usage per Container is 1Gi, but limit is 2Gi", /pool\.memory_mb/],
    ['violates PodSecurity "restricted:latest": host namespaces', /kubernetes\.patch/],
    ['admission webhook "policy.example" denied the request: no team label', /policy of the cluster/],
    ['User "me" cannot create resource "pods"', /cluster check/],
  ];
  for (const [says, hint] of refusals)
    it(`leads to what helps: ${says.slice(0, 30)}`, () => {
      const error = clusterError(new ApiError(403, "Forbidden", `pods "x" is forbidden: ${says}`));
      assert.ok(error.message.includes(says));
      assert.match(error.nextStep ?? "", hint);
    });
});
