import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEFAULT_IMAGE } from "../../../server/instances/drivers/docker/container.ts";
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { findEngine } from "../../../server/instances/drivers/docker/engine.ts";
import { IMAGE_LABEL } from "../../../server/instances/drivers/docker/image-label.ts";
import { buildImage } from "../../../server/instances/drivers/docker/image.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { pools } from "./conformance.ts";
import { command, never, testWorker } from "./pool-harness.ts";

const run = promisify(execFile);
const noEngine = await dockerEngine();
const python = await realpath("/usr/bin/python3").catch(() => null);
const BASE = "coditect-test-base";
const BUILT = "coditect-test-built";

describe("an image with a project's own toolchain", function () {
  skipUnlessNull(this, noEngine ?? (python === null ? "python3 is not installed" : null));
  const start = pools(() => createDockerDriver({ entry: testWorker, stateFolder: import.meta.filename }));
  let context: string;

  /** An image without our Node, built from this machine's files: nothing can be pulled here. */
  const makeBase = async (dockerfile: string): Promise<void> => {
    await writeFile(join(context, "Dockerfile"), dockerfile);
    const { client } = await findEngine();
    const src = await readdir(context);
    const progress = await client.buildImage({ context, src }, { t: BASE, networkmode: "none" });
    const steps = await new Promise<{ error?: string }[]>((resolve, reject) => {
      client.modem.followProgress(progress, (error, output: { error?: string }[]) => {
        if (error === null) resolve(output);
        else reject(error);
      });
    });
    assert.deepEqual(
      steps.flatMap(({ error }) => error ?? []),
      [],
    );
  };
  beforeEach(async () => {
    context = await mkdtemp(join(tmpdir(), "coditect-base-"));
  });
  afterEach(async () => {
    await rm(context, { recursive: true, force: true });
    const { client } = await findEngine();
    for (const name of [BUILT, BASE]) {
      await client
        .getImage(name)
        .remove({ force: true })
        .catch(() => undefined);
    }
  });

  it("keeps the toolchain of its base and runs the worker", async () => {
    assert.ok(python !== null);
    const library = join("/usr/lib", python.slice(python.lastIndexOf("/") + 1));
    const { stdout } = await run("ldd", [python]);
    const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
    const parts = [python, library, ...libraries].map((path) => path.slice(1));
    await run("cp", ["-aL", "--parents", ...parts, context], { cwd: "/" });
    await makeBase(`FROM ${DEFAULT_IMAGE}\nRUN rm -rf /opt/coditect\nCOPY usr/ /usr/\nCOPY lib/ /lib/\n`);
    const name = await buildImage({ base: BASE, name: BUILT, signal: AbortSignal.timeout(180_000) });
    assert.equal(name, BUILT);
    const pool = await start();
    const instance = await pool.claim({ image: BUILT });
    const answer = await instance.call("tests/run", command(`${python} -c 'print(6 * 7)'`), never);
    assert.equal(answer.output, "42\n");
    assert.equal(instance.record().metadata.provider_metadata.image, BUILT);
  });

  it("is refused if another version built it, before a container is created", async () => {
    await makeBase(`FROM ${DEFAULT_IMAGE}\nLABEL ${IMAGE_LABEL}=4\n`);
    const pool = await start();
    await assert.rejects(pool.claim({ image: BASE }), {
      code: "image_outdated",
      message: new RegExp(`${BASE} was built by another version`),
    });
    const { client } = await findEngine();
    const filters = { ancestor: [BASE] };
    assert.deepEqual(await client.listContainers({ all: true, filters }), []);
  });

  it("is refused, and says why, if its base has no system Node can start in", async () => {
    await writeFile(join(context, "readme"), "no loader here");
    await makeBase("FROM scratch\nCOPY readme /\n");
    const building = buildImage({ base: BASE, name: BUILT, signal: AbortSignal.timeout(180_000) });
    await assert.rejects(building, { code: "engine_unavailable", message: /has no shell at \/bin\/sh/ });
  });

  it("is refused if its base is not there and cannot be had", async () => {
    const building = buildImage({ base: "coditect-nowhere/none:1", signal: AbortSignal.timeout(180_000) });
    await assert.rejects(building, { code: /image_missing|engine_unavailable/ });
  });
});
