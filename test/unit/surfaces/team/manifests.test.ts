import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { addServe } from "../../../../server/surfaces/cli/program/serving.ts";
import { settingsOf } from "../../../../server/surfaces/cli/session/options.ts";
import type { CommandContext } from "../../../../server/surfaces/cli/display/terminal.ts";
import { root } from "../../../support/command.ts";
import { loadValidator } from "../../../support/kubernetes/validate.ts";

const Named = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) });
const Probe = z.looseObject({
  httpGet: z.object({ path: z.string(), port: z.string(), scheme: z.string() }),
});
const Server = z.looseObject({
  spec: z.looseObject({
    replicas: z.number(),
    template: z.looseObject({
      metadata: z.looseObject({}),
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.looseObject({ runAsNonRoot: z.literal(true), fsGroup: z.number() }),
        containers: z.tuple([
          z.looseObject({
            args: z.array(z.string()),
            startupProbe: Probe,
            livenessProbe: Probe,
            readinessProbe: Probe,
            volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
            securityContext: z.looseObject({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.object({ drop: z.tuple([z.literal("ALL")]) }),
            }),
          }),
        ]),
      }),
    }),
    volumeClaimTemplates: z.tuple([z.looseObject({ metadata: z.object({ name: z.string() }) })]),
  }),
});

describe("the manifests of the server", () => {
  const text = readFileSync(join(root, "deploy", "kubernetes.yaml"), "utf8");
  const objects = parseAllDocuments(text).map((document) => Named.parse(document.toJS()));
  const ofKind = (kind: string) => objects.find((object) => object.kind === kind) ?? assert.fail(kind);

  it("are objects that the published API knows", async () => {
    const validate = await loadValidator();
    for (const kind of ["ServiceAccount", "Service", "NetworkPolicy"])
      assert.equal(validate(ofKind(kind)), null, kind);
    const { template } = Server.parse(ofKind("StatefulSet")).spec;
    const pod = { ...template, apiVersion: "v1", kind: "Pod" };
    assert.equal(validate({ ...pod, metadata: { ...pod.metadata, name: "a" } }), null);
  });

  it("run the command with options that it has, one writer, drained before it is killed", () => {
    const { replicas, template, volumeClaimTemplates } = Server.parse(ofKind("StatefulSet")).spec;
    const { containers, terminationGracePeriodSeconds } = template.spec;
    const [{ args, volumeMounts, ...container }] = containers;
    assert.equal(replicas, 1);
    let given: Record<string, unknown> = {};
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    // Nothing of the context is used before the command's own action, which this one replaces.
    addServe(program, {} as CommandContext, () => Promise.resolve());
    const serve = program.commands.find((command) => command.name() === "serve") ?? assert.fail();
    serve.exitOverride().action((options: Record<string, unknown>) => {
      given = options;
    });
    program.parse(args, { from: "user" });
    assert.ok(Number(given.drain) + 20 < terminationGracePeriodSeconds);
    assert.equal(settingsOf({ set: z.array(z.string()).parse(given.set) }).runtime, "Kubernetes");
    assert.equal(given.listen, "0.0.0.0:8443");
    const mounts = Object.fromEntries(volumeMounts.map(({ name, mountPath }) => [name, mountPath]));
    assert.ok(String(given.workspace).startsWith(`${mounts[volumeClaimTemplates[0].metadata.name] ?? "?"}/`));
    assert.ok(String(given.tlsCert).startsWith(`${mounts.tls ?? "?"}/`));
    assert.equal(container.livenessProbe.httpGet.path, "/healthz");
    assert.equal(container.readinessProbe.httpGet.path, "/readyz");
  });

  it("use the paths and the user of the image", () => {
    const dockerfile = readFileSync(join(root, "deploy", "Dockerfile"), "utf8");
    assert.match(dockerfile, /^USER 1000:1000$/m);
    assert.match(dockerfile, /^VOLUME \/data$/m);
    const { template } = Server.parse(ofKind("StatefulSet")).spec;
    assert.equal(template.spec.securityContext.fsGroup, 1000);
  });
});
