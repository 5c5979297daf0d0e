import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEFAULT_IMAGE, WORKER_NODE } from "../../../server/instances/drivers/docker/container.ts";
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { findEngine, openEngine } from "../../../server/instances/drivers/docker/engine.ts";
import { buildImage } from "../../../server/instances/drivers/docker/image.ts";
import { archiveOf } from "../../../server/instances/drivers/docker/mirror/archive.ts";
import { fileParts } from "../../../server/workspace/tree.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { startPrivateEngine, whyNoPrivateEngine } from "../../support/private-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { pools } from "./conformance.ts";
import { testWorker } from "./pool-harness.ts";

const run = promisify(execFile);
const IMAGE = "coditect-test-foreign";
/** Where an ELF file says for which processor it is, and a processor that is none of ours. */
const MACHINE = 18;
const SPARC = 2;

const [noEngine, noPrivateEngine] = [await dockerEngine(), await whyNoPrivateEngine()];

describe("an engine that cannot do what it is asked", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-errors-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe("because of the image", function () {
    skipUnlessNull(this, noEngine);
    const start = pools(() => createDockerDriver({ entry: testWorker, stateFolder: import.meta.filename }));
    afterEach(async () => {
      const { client } = await findEngine();
      await client.getImage(IMAGE).remove({ force: true });
    });

    /** Makes an image with this program as the worker's Node; null: without any. */
    const makeImage = async (node: Buffer | null, base = DEFAULT_IMAGE): Promise<void> => {
      const path = join(folder, "root", node === null ? "readme" : WORKER_NODE);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, node ?? "no Node here", { mode: 0o755 });
      const emptied = base === "scratch" ? "" : "RUN rm -rf /opt/coditect\n";
      await writeFile(join(folder, "Dockerfile"), `FROM ${base}\n${emptied}COPY root/ /\n`);
      const entries = fileParts([folder]).flatMap((part) => [...part.entries()].flat());
      const { client } = await findEngine();
      const building = await client.buildImage(archiveOf(folder, entries), { t: IMAGE });
      building.resume();
      await once(building, "end");
    };
    const unusable = {
      code: "worker_died",
      message: /Node does not start in the image coditect-test-foreign/,
    };

    it("says that one is for another processor", async () => {
      const program = await readFile(process.execPath);
      const foreign = program.subarray(0, 4096);
      foreign.writeUInt16LE(SPARC, MACHINE);
      await makeImage(foreign);
      const pool = await start();
      await assert.rejects(pool.claim({ image: IMAGE }), unusable);
    });

    it("says that one was not made for instances", async () => {
      await makeImage(null);
      const pool = await start();
      await assert.rejects(pool.claim({ image: IMAGE }), unusable);
    });

    it("says that one has no shell", async () => {
      await makeImage(null, "scratch");
      const pool = await start();
      await assert.rejects(pool.claim({ image: IMAGE }), { message: /has no shell at \/bin\/sh/ });
    });
  });

  describe("for want of room", function () {
    skipUnlessNull(this, noPrivateEngine);
    it("says that its disk is full", async () => {
      const engine = await startPrivateEngine({ diskMb: 40 });
      try {
        const building = buildImage({
          base: null,
          engine: await openEngine({ socket: engine.socket }),
          signal: AbortSignal.timeout(120_000),
        });
        await assert.rejects(building, { code: "engine_unavailable", message: /its disk is full/ });
      } finally {
        await engine.close();
      }
    });
  });

  describe("for want of rights", function () {
    skipUnlessNull(this, process.getuid?.() === 0 ? null : "only root can become another user");
    it("says that this user may not use its socket", async () => {
      const socket = join(folder, "engine.sock");
      const server = createServer().listen(socket);
      await once(server, "listening");
      await Promise.all([chmod(folder, 0o755), chmod(socket, 0o600)]);
      const source = [
        `process.setuid(65534);`,
        `const engine = await import(${JSON.stringify(import.meta.resolve("../../../server/instances/drivers/docker/engine.ts"))});`,
        `await engine.openEngine({ socket: ${JSON.stringify(socket)} }).catch((error) => {`,
        `  const { message, nextStep } = engine.engineError(error, "none");`,
        `  console.log(message, nextStep);`,
        `});`,
      ];
      try {
        const { stdout } = await run(process.execPath, ["--input-type=module", "-e", source.join("\n")]);
        assert.match(stdout, /this user may not use its socket.*docker group/);
      } finally {
        server.close();
      }
    });
  });
});
