import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseImageName, registryLogin } from "../../../server/instances/drivers/docker/registry.ts";

describe("the name of an image in a registry", () => {
  const names: Record<string, [registry: string, repository: string, tag: string] | null> = {
    worker: ["docker.io", "worker", "latest"],
    "team/worker": ["docker.io", "team/worker", "latest"],
    "registry.example.com/team/worker": [
      "registry.example.com",
      "registry.example.com/team/worker",
      "latest",
    ],
    "localhost:5000/worker:1.2": ["localhost:5000", "localhost:5000/worker", "1.2"],
    "localhost/worker": ["localhost", "localhost/worker", "latest"],
    "europe-docker.pkg.dev/p/r/worker:v1": [
      "europe-docker.pkg.dev",
      "europe-docker.pkg.dev/p/r/worker",
      "v1",
    ],
    "worker@sha256:00": null,
    "two words": null,
    "/worker": null,
    "": null,
  };
  for (const [name, expected] of Object.entries(names))
    it(`is taken apart: ${JSON.stringify(name)}`, () => {
      const [registry, repository, tag] = expected ?? [];
      assert.deepEqual(parseImageName(name), expected === null ? null : { registry, repository, tag });
    });
});

describe("the login for a registry", () => {
  const before = { config: process.env.DOCKER_CONFIG, path: process.env.PATH };
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-docker-config-"));
    process.env.DOCKER_CONFIG = folder;
  });
  afterEach(async () => {
    if (before.config === undefined) delete process.env.DOCKER_CONFIG;
    else process.env.DOCKER_CONFIG = before.config;
    process.env.PATH = before.path;
    await rm(folder, { recursive: true, force: true });
  });
  const configured = (configuration: object) =>
    writeFile(join(folder, "config.json"), JSON.stringify(configuration));

  it("is none without a configuration, or where it has none for that registry", async () => {
    assert.equal(await registryLogin("registry.example.com"), null);
    await configured({ auths: { "other.example.com": { auth: "YTpi" } } });
    assert.equal(await registryLogin("registry.example.com"), null);
  });

  it("is what docker login wrote, with colons in the password", async () => {
    const auth = Buffer.from("me:a:b").toString("base64");
    await configured({
      auths: { "registry.example.com": { auth }, "https://index.docker.io/v1/": { auth } },
    });
    const login = { username: "me", password: "a:b" };
    assert.deepEqual(await registryLogin("registry.example.com"), {
      ...login,
      serveraddress: "registry.example.com",
    });
    assert.deepEqual(await registryLogin("docker.io"), {
      ...login,
      serveraddress: "https://index.docker.io/v1/",
    });
  });

  it("comes from the registry's credential helper", async () => {
    const script = `#!/bin/sh\nread -r key\nprintf '{"Username":"<token>","Secret":"%s"}' "secret of $key"\n`;
    await writeFile(join(folder, "docker-credential-test"), script, { mode: 0o755 });
    process.env.PATH = `${folder}:${before.path ?? ""}`;
    await configured({ credHelpers: { "registry.example.com": "test" } });
    assert.deepEqual(await registryLogin("registry.example.com"), {
      identitytoken: "secret of registry.example.com",
      serveraddress: "registry.example.com",
    });
  });
});
