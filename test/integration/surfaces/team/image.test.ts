import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { PassThrough } from "node:stream";
import { z } from "zod";
import { DEFAULT_IMAGE } from "../../../../server/instances/drivers/docker/container.ts";
import { findEngine } from "../../../../server/instances/drivers/docker/engine.ts";
import { dockerEngine } from "../../../docker-engine.ts";
import { root } from "../../../support/command.ts";
import { skipUnlessNull } from "../../../support/skip.ts";

const noEngine = await dockerEngine();
const BASE = "coditect-test-server-base";
const IMAGE = "coditect-test-server";
const READY_MS = 180_000;
const Ended = z.object({ StatusCode: z.number() });

describe("the image of the server", function () {
  skipUnlessNull(this, noEngine);
  let folder: string;
  let containerId: string;

  const client = async () => (await findEngine()).client;
  const buildImage = async (context: string, src: string[], options: object): Promise<void> => {
    const engine = await client();
    const progress = await engine.buildImage({ context, src }, { networkmode: "none", ...options });
    const steps = await new Promise<{ error?: string }[]>((resolve, reject) => {
      engine.modem.followProgress(progress, (error, output: { error?: string }[]) => {
        if (error === null) resolve(output);
        else reject(error);
      });
    });
    assert.deepEqual(
      steps.flatMap(({ error }) => error ?? []),
      [],
    );
  };
  const inContainer = async (...command: string[]): Promise<string> => {
    const engine = await client();
    const exec = await engine
      .getContainer(containerId)
      .exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({});
    const [out, err] = [new PassThrough(), new PassThrough()];
    engine.modem.demuxStream(stream, out, err);
    stream.on("end", () => {
      out.end();
      err.end();
    });
    const [said, complained] = await Promise.all([text(out), text(err)]);
    const { ExitCode } = await exec.inspect();
    assert.equal(ExitCode, 0, `${command.join(" ")}: ${complained}${said}`);
    return said;
  };
  const coditect = (...args: string[]) => inContainer("node", "/usr/share/coditect/dist/cli.js", ...args);
  const ask = (path: string, token: string): Promise<string> =>
    inContainer(
      ...["node", "-e"],
      `require("https").get({ port: 8443, path: ${JSON.stringify(path)}, rejectUnauthorized: false,
        headers: { authorization: "Bearer ${token}" } }, (r) => r.pipe(process.stdout))`,
    );
  /** Resolves once the image's own check of its health has passed. */
  const healthy = async (): Promise<void> => {
    const signal = AbortSignal.timeout(READY_MS);
    for (;;) {
      const { State } = await (await client()).getContainer(containerId).inspect();
      assert.equal(State.Running, true, "the server ended");
      if (State.Health?.Status === "healthy") return;
      await setTimeout(100, undefined, { signal });
    }
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-server-image-"));
    // Nothing can be pulled in tests: the base is made from this machine's own files.
    await writeFile(
      join(folder, "Dockerfile"),
      `FROM ${DEFAULT_IMAGE}\nUSER 0\nENV PATH=/opt/coditect/bin:/usr/bin:/bin\n`,
    );
    await buildImage(folder, ["Dockerfile"], { t: BASE });
    const dist = (await readdir(join(root, "dist"))).filter((name) => /\.js$|^package\.json$/.test(name));
    const src = ["deploy/Dockerfile", "package.json", "LICENSE", "media", "schemas/generated"];
    await buildImage(root, [...src, ...dist.map((name) => `dist/${name}`)], {
      ...{ t: IMAGE, dockerfile: "deploy/Dockerfile", buildargs: { BASE, PACKAGES: "" } },
    });
    const container = await (
      await client()
    ).createContainer({
      Image: IMAGE,
      HostConfig: {
        ...{ NetworkMode: "none", ReadonlyRootfs: true, CapDrop: ["ALL"], Tmpfs: { "/tmp": "" } },
        Binds: [
          `${join(root, "test/fixtures/tls/cert.pem")}:/etc/coditect/tls/tls.crt:ro`,
          `${join(root, "test/fixtures/tls/key.pem")}:/etc/coditect/tls/tls.key:ro`,
        ],
      },
      // The tests' image looks more often than the one that ships.
      Healthcheck: { Interval: 500_000_000, Timeout: 5_000_000_000, Retries: 100 },
    });
    containerId = container.id;
    await container.start();
    await healthy();
  });
  after(async () => {
    const engine = await client();
    await engine.getContainer(containerId).remove({ force: true, v: true });
    for (const image of [IMAGE, BASE]) await engine.getImage(image).remove({ force: true });
    await rm(folder, { recursive: true, force: true });
  });

  it("answers with a token, keeps its state over a restart, and drains when it is stopped", async () => {
    const create = ["tokens", "create", "--user", "ada", "--role", "admin"];
    const token = (await coditect(...create, "--workspace", "/data/workspace")).trim();
    assert.match(await ask("/api/agents", token), /"items":/);
    assert.match(await ask("/api/agents", "nobody"), /"code":"unauthenticated"/);
    const container = (await client()).getContainer(containerId);
    const ended = container.wait();
    await container.stop({ t: 20 });
    // As after an interrupt: 137 would say that it had to be killed.
    assert.equal(Ended.parse(await ended).StatusCode, 130);
    await container.start();
    await healthy();
    assert.match(await ask("/api/tokens", token), /"user":"ada"/);
  });
});
