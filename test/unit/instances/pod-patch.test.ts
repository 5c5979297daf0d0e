import assert from "node:assert/strict";
import type { Json } from "../../../schemas/primitives.ts";
import { patchPod } from "../../../server/instances/drivers/kubernetes/patch.ts";

const pod: Json = {
  metadata: { labels: { "app.kubernetes.io/managed-by": "coditect" } },
  spec: {
    containers: [
      {
        name: "worker",
        image: "worker",
        env: [
          { name: "LANG", value: "C.UTF-8" },
          { name: "CI", value: "1" },
        ],
        securityContext: { readOnlyRootFilesystem: true },
      },
      { name: "files", image: "worker" },
    ],
    tolerations: [{ key: "a" }],
  },
};

describe("the patch of a pod", () => {
  it("merges lists by name in the order of an API server, and replaces those without names", () => {
    const patch = {
      spec: {
        containers: [
          {
            name: "worker",
            env: [
              { name: "CI", value: "2" },
              { name: "MORE", value: "3" },
            ],
          },
          { name: "log", image: "log" },
        ],
        tolerations: [{ key: "b" }],
      },
    };
    assert.deepEqual(patchPod(pod, patch, ["spec"]), {
      metadata: { labels: { "app.kubernetes.io/managed-by": "coditect" } },
      spec: {
        containers: [
          {
            name: "worker",
            image: "worker",
            env: [
              { name: "LANG", value: "C.UTF-8" },
              { name: "CI", value: "2" },
              { name: "MORE", value: "3" },
            ],
            securityContext: { readOnlyRootFilesystem: true },
          },
          { name: "log", image: "log" },
          { name: "files", image: "worker" },
        ],
        tolerations: [{ key: "b" }],
      },
    });
  });

  const refused: Record<string, [patch: Json, path: RegExp]> = {
    "a writable root": [
      {
        spec: { containers: [{ name: "worker", securityContext: { readOnlyRootFilesystem: false } }] },
      },
      /spec\.containers\.worker\.securityContext\.readOnlyRootFilesystem/,
    ],
    "a security context that is removed": [
      { spec: { containers: [{ name: "worker", securityContext: null }] } },
      /spec\.containers\.worker\.securityContext/,
    ],
    "the host's network": [{ spec: { hostNetwork: true } }, /spec\.hostNetwork/],
    "a token": [{ spec: { automountServiceAccountToken: true } }, /automountServiceAccountToken/],
    "another container": [{ spec: { containers: [{ name: "spy", image: "spy" }] } }, /spec\.containers\.spy/],
    "our label": [
      { metadata: { labels: { "app.kubernetes.io/managed-by": null } } },
      /metadata\.labels\.app\.kubernetes\.io\/managed-by/,
    ],
  };
  for (const [name, [patch, path]] of Object.entries(refused))
    it(`is refused with its path: ${name}`, () => {
      assert.throws(() => patchPod(pod, patch, []), { code: "pod_patch_refused", message: path });
    });

  it("may change what only says where a pod runs and what it gets", () => {
    const patch = {
      metadata: { labels: { team: "one" } },
      spec: { nodeSelector: { disk: "ssd" }, containers: [{ name: "worker", image: "other" }] },
    };
    assert.doesNotThrow(() => patchPod(pod, patch, []));
  });
});
