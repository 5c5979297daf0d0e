import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findEngine } from "../../../server/instances/drivers/docker/engine.ts";
import { IMAGE_LABEL, IMAGE_RECIPE } from "../../../server/instances/drivers/docker/image-label.ts";
import { pushImage } from "../../../server/instances/drivers/docker/push.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { runCommand } from "../../support/command.ts";
import { freePort } from "../../support/private-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { never } from "./pool-harness.ts";

const run = promisify(execFile);
const LOCAL = "coditect-test-pushed";
const FOREIGN = "coditect-test-foreign";

const hasRegistry = await run("docker-registry", ["--version"]).then(
  () => true,
  () => false,
);

const reason = (await dockerEngine()) ?? (hasRegistry ? null : "docker-registry is not installed");

describe("an image that is pushed", function () {
  skipUnlessNull(this, reason);
  let folder: string;
  let registry: ChildProcess;
  let name: string;
  const configBefore = process.env.DOCKER_CONFIG;

  /** An image of one small file. */
  const makeImage = async (tag: string, labels: string): Promise<void> => {
    await writeFile(join(folder, "file"), tag);
    await writeFile(join(folder, "Dockerfile"), `FROM scratch\nCOPY file /file\n${labels}\n`);
    const { client } = await findEngine();
    const progress = await client.buildImage({ context: folder, src: ["Dockerfile", "file"] }, { t: tag });
    progress.resume();
    await once(progress, "end");
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-registry-"));
    const port = await freePort();
    name = `127.0.0.1:${port}/team/worker`;
    // The password is `secret`.
    await writeFile(
      join(folder, "users"),
      "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n",
    );
    await writeFile(
      join(folder, "config.yml"),
      [
        "version: 0.1",
        `storage: { filesystem: { rootdirectory: "${join(folder, "data")}" } }`,
        `http: { addr: "127.0.0.1:${port}", secret: x }`,
        `auth: { htpasswd: { realm: test, path: "${join(folder, "users")}" } }`,
      ].join("\n"),
    );
    registry = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/v2/`).then(
        () => true,
        () => false,
      );
    while (!(await answers())) {
      assert.equal(registry.exitCode, null, "the registry runs");
      await sleep(20);
    }
    await makeImage(LOCAL, `LABEL ${IMAGE_LABEL}=${IMAGE_RECIPE}`);
    await makeImage(FOREIGN, "");
    process.env.DOCKER_CONFIG = folder;
  });
  const login = (password: string) =>
    writeFile(
      join(folder, "config.json"),
      JSON.stringify({
        auths: { [name.split("/")[0] ?? ""]: { auth: Buffer.from(`me:${password}`).toString("base64") } },
      }),
    );
  after(async () => {
    if (configBefore === undefined) delete process.env.DOCKER_CONFIG;
    else process.env.DOCKER_CONFIG = configBefore;
    const { client } = await findEngine();
    for (const image of [LOCAL, FOREIGN, `${name}:latest`, `${name}:2`])
      await client
        .getImage(image)
        .remove({ force: true })
        .catch(() => undefined);
    registry.kill();
    await once(registry, "exit");
    await rm(folder, { recursive: true, force: true });
  });

  it("has a name with the digest by which it comes back", async () => {
    await login("secret");
    const pinned = await pushImage({ name, from: LOCAL, signal: never });
    assert.match(pinned, new RegExp(`^${name}@sha256:[0-9a-f]{64}$`));
    const { client } = await findEngine();
    const before = await client.getImage(LOCAL).inspect();
    for (const image of [LOCAL, `${name}:latest`]) await client.getImage(image).remove({ force: true });
    const progress = await client.pull(pinned, {
      authconfig: { username: "me", password: "secret", serveraddress: name },
    });
    progress.resume();
    await once(progress, "end");
    assert.equal((await client.getImage(pinned).inspect()).Id, before.Id);
    await client.getImage(pinned).tag({ repo: LOCAL });
  });

  it("is named in the cluster's setting with --use", async () => {
    await login("secret");
    const workspace = join(folder, "workspace");
    const environment = { XDG_CONFIG_HOME: join(folder, "config"), DOCKER_CONFIG: folder };
    const args = ["--from", LOCAL, "--use", "--workspace", workspace];
    await run("mkdir", ["-p", workspace]);
    const pushed = await runCommand(["image", "push", `${name}:2`, ...args], { environment });
    assert.equal(pushed.exit_code, 0, pushed.stderr);
    const [pinned = ""] = pushed.stdout.split("\n");
    assert.match(pinned, /@sha256:[0-9a-f]{64}$/);
    const listed = await runCommand(["settings", "list", "--json", "--workspace", workspace], {
      environment,
    });
    assert.ok(listed.stdout.includes(`"kubernetes.image","value":"${pinned}"`), listed.stdout);
  });

  it("is refused with what to do, for a wrong login, a missing image, and one without our Node", async () => {
    await login("wrong");
    await assert.rejects(pushImage({ name, from: LOCAL, signal: never }), { code: "registry_refused" });
    await login("secret");
    await assert.rejects(pushImage({ name, from: "coditect-test-none", signal: never }), {
      code: "image_missing",
    });
    await assert.rejects(pushImage({ name, from: FOREIGN, signal: never }), { code: "image_not_built" });
    await assert.rejects(pushImage({ name: "two words", from: LOCAL, signal: never }), { code: "usage" });
  });
});
