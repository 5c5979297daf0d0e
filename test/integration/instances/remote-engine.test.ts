import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileChange } from "../../../schemas/changes.ts";
import { stateLabel } from "../../../server/instances/drivers/docker/container.ts";
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { openEngine, parseHost } from "../../../server/instances/drivers/docker/engine.ts";
import { workerEntry } from "../../../server/platform/installation.ts";
import type { Engine } from "../../../server/instances/drivers/docker/engine.ts";
import { bundleWorkers } from "../../support/bundled-workers.ts";
import { startPrivateEngine, whyNoPrivateEngine } from "../../support/private-engine.ts";
import type { PrivateEngine } from "../../support/private-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { startSshServer, whyNoSshServer } from "../../support/ssh-server.ts";
import type { SshServer } from "../../support/ssh-server.ts";
import { conformance, pools } from "./conformance.ts";
import { command, never, testWorker } from "./pool-harness.ts";
import { wayOut } from "./way-out.ts";

const labelOf = (folder: string): Record<string, string> => {
  const [label = "", value = ""] = stateLabel(folder).split("=");
  return { [label]: value };
};

const reason = await whyNoPrivateEngine();

/** The engine runs on this machine under another name: nothing of our files is mounted. */
describe("instances on an engine elsewhere, over TLS", function () {
  skipUnlessNull(this, reason);
  const stateFolder = import.meta.filename;
  let engine: PrivateEngine;
  let elsewhere: Engine;
  let program: string;

  before(async () => {
    engine = await startPrivateEngine();
    elsewhere = await openEngine(engine.address);
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { test: String(testWorker.args[0]), real: String(workerEntry().args[0]) });
  });
  after(async () => {
    await rm(program, { recursive: true, force: true });
    await engine.close();
  });

  const driverOf =
    (worker: "test" | "real", by = elsewhere) =>
    () =>
      createDockerDriver({
        entry: { command: process.execPath, args: [join(program, `${worker}.cjs`)] },
        stateFolder,
        engine: () => Promise.resolve(by),
      });
  const driver = () => driverOf("test")();
  const start = pools(driver);
  const run = async (pool: Awaited<ReturnType<typeof start>>, line: string) => {
    const instance = await pool.claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const { output } = await instance.call("tests/run", command(line), never);
    await instance.release();
    return output;
  };

  it("sends what a private copy would contain, and nothing that is closed", async () => {
    const pool = await start();
    const at = (...path: string[]): string => join(pool.workspace, ...path);
    for (const folder of [at("src"), at("node_modules", "dep"), at("ignored"), at(".git", "info")])
      await mkdir(folder, { recursive: true });
    const files = {
      [at(".gitignore")]: "ignored\n",
      [at("ignored", "x")]: "no",
      [at(".env")]: "SECRET=1",
      [at(".git", "config")]: "password",
      [at(".git", "HEAD")]: "ref: refs/heads/main",
      [at("src", "a.js")]: "1",
      [at("node_modules", "dep", "index.js")]: "2",
      [at("run.sh")]: "#!/bin/sh",
    };
    for (const [path, text] of Object.entries(files)) await writeFile(path, text);
    await chmod(at("run.sh"), 0o700);
    await symlink("src/a.js", at("link.js"));
    const listed = await run(
      pool,
      `cd '${pool.workspace}' && find . ! -type d | sort && cat link.js && test -x run.sh`,
    );
    assert.equal(
      listed,
      "./.git/HEAD\n./.gitignore\n./link.js\n./node_modules/dep/index.js\n./run.sh\n./src/a.js\n1",
    );
  });

  it("shows the next stage what the user changed, added and removed meanwhile", async () => {
    const pool = await start();
    const at = (name: string): string => join(pool.workspace, name);
    for (const name of ["changed", "removed", "becomes a folder"]) await writeFile(at(name), "before");
    const show = `cd '${pool.workspace}' && grep -r . . | sort`;
    await run(pool, show);
    await writeFile(at("changed"), "after");
    await writeFile(at("added"), "new");
    await rm(at("removed"));
    await rm(at("becomes a folder"));
    await mkdir(at("becomes a folder"));
    await writeFile(join(at("becomes a folder"), "inside"), "x");
    assert.equal(await run(pool, show), "./added:new\n./becomes a folder/inside:x\n./changed:after\n");
  });

  it("leaves no container and no volume when its instances are gone", async () => {
    const pool = await start();
    await Promise.all([pool.claim(), pool.claim()]);
    await pool.pool.close();
    const containers = await elsewhere.client.listContainers({ all: true });
    const { Volumes } = await elsewhere.client.listVolumes();
    assert.deepEqual([containers.length, Volumes.length], [0, 0]);
  });

  it("removes what a killed runtime left there, and nothing of another's", async () => {
    await elsewhere.client.createVolume({ Name: "left", Labels: labelOf(stateFolder) });
    await elsewhere.client.createVolume({ Name: "another", Labels: labelOf("/another") });
    await driver().removeOrphans();
    const { Volumes } = await elsewhere.client.listVolumes();
    assert.deepEqual(
      Volumes.map(({ Name }) => Name),
      ["another"],
    );
    await elsewhere.client.getVolume("another").remove();
  });

  it("keeps the instances of a runtime that opens a folder again in the same process", async () => {
    const pool = await start();
    const instance = await pool.claim();
    const closed = driver();
    assert.equal(await closed.removeOrphans(), 0);
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    await instance.release();
  });

  it("is known to be elsewhere, and by its socket not to be", async () => {
    const bySocket = await openEngine({ socket: engine.socket });
    assert.deepEqual([elsewhere.isLocal, bySocket.isLocal], [false, true]);
  });

  it("lets the worker make its private copy there and hand back what it changed", async () => {
    const pool = await start({ driver: driverOf("real")() });
    const modules = join(pool.workspace, "node_modules", "dep");
    await mkdir(modules, { recursive: true });
    await writeFile(join(modules, "index.js"), "module.exports = 42;");
    await writeFile(join(pool.workspace, "a.txt"), "before");
    const instance = await pool.claim();
    const written: FileChange = {
      path: "a.txt",
      before: createHash("sha256").update("before").digest("hex"),
      content: { encoding: "utf8", data: "after\n" },
      executable: false,
    };
    const prepared = await instance.call("workspace/prepare", { overlays: [], changes: [written] }, never);
    assert.deepEqual(prepared.linked, ["node_modules"]);
    const line = `node -p 'require("dep")' && cat a.txt && echo by-product > a.txt`;
    const { output } = await instance.call("tests/run", command(line), never);
    assert.equal(output.trim(), "42\nafter");
    const { changes } = await instance.call("workspace/changes", { write_access: "all" }, never);
    assert.deepEqual(
      changes.map(({ path, content }) => [path, content?.data]),
      [["a.txt", "after\n"]],
    );
  });

  describe("and over ssh", function () {
    skipUnlessNull(this, whyNoSshServer());
    const path = process.env.PATH;
    let server: SshServer;
    before(async () => {
      server = await startSshServer({ DOCKER_HOST: `unix://${engine.socket}` });
      process.env.PATH = `${server.programs}:${path ?? ""}`;
    });
    after(async () => {
      process.env.PATH = path;
      await server.close();
    });

    it("runs instances, and hands back what they wrote", async () => {
      const throughSsh = await openEngine(parseHost(server.url, null));
      const pool = await start({ driver: driverOf("test", throughSsh)() });
      assert.equal(await run(pool, "echo there"), "there\n");
      await pool.pool.close();
      assert.deepEqual(await elsewhere.client.listContainers({ all: true }), []);
    });
  });

  it("watches what an instance takes on the engine's disk", async () => {
    const limits = { memory_mb: 300, cpus: 2, processes: 64, disk_mb: 30 };
    const pool = await start({ settings: { limits, watch_ms: 100 } });
    const instance = await pool.claim();
    const filling = instance.call(
      "tests/run",
      command("cat /dev/zero | head -c 29000000 > a; cp a b; sleep 20"),
      never,
    );
    await assert.rejects(filling, { code: "worker_died", message: /too much on disk/ });
  });

  // The suite of Docker on this machine breaks the protocol over the same driver.
  conformance(driver, { breaksProtocol: false });
  wayOut(() => driverOf("real")());
});
