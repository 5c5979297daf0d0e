import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { stateLabel } from "../../../server/instances/drivers/docker/container.ts";
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { findEngine } from "../../../server/instances/drivers/docker/engine.ts";
import { isRunning, processTable, treeOf } from "../../../server/instances/drivers/process-table.ts";
import { probeSandbox } from "../../../server/instances/drivers/local/confinement.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { testWorker } from "./pool-harness.ts";

const DEADLINE_MS = 5000;
const noEngine = await dockerEngine();
const sandbox = await probeSandbox();

/** What a killed runtime has no time to remove: its own temporary folder. */
let temporary: string;

/** Starts a runtime whose instances are busy; resolves when they all are. */
const startDoomed = async (runtime: string, stateFolder: string) => {
  const script = fileURLToPath(new URL("doomed-runtime.ts", import.meta.url));
  const child = spawn(process.execPath, [script, runtime, stateFolder], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: temporary },
  });
  const [line] = z.tuple([z.string()]).parse(await once(createInterface(child.stdout), "line"));
  const ids = z.array(z.string()).parse(JSON.parse(line));
  // The kill must meet children of the workers too, not only workers about to start them.
  await sleep(300);
  return { child, ids };
};

const waitUntil = async (isTrue: () => Promise<boolean> | boolean): Promise<boolean> => {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    if (await isTrue()) return true;
    await sleep(50);
  }
  return false;
};

describe("after SIGKILL of the runtime", () => {
  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), "coditect-doomed-"));
    // The containers' user has to get through to the workspace.
    await chmod(temporary, 0o755);
  });
  afterEach(() => rm(temporary, { recursive: true, force: true }));

  describe("with confined local processes", function () {
    skipUnlessNull(this, "unavailable" in sandbox ? sandbox.unavailable : null);
    it("nothing is left within five seconds", async () => {
      const { child } = await startDoomed("Local", "");
      assert.ok(child.pid !== undefined);
      const pids = treeOf(await processTable(0), child.pid).map(({ pid }) => pid);
      assert.ok(pids.length > 9, `only ${pids.length} processes were there to be left`);
      child.kill("SIGKILL");
      assert.ok(
        await waitUntil(() => !pids.some(isRunning)),
        `${pids.filter(isRunning).length} processes are left`,
      );
    });
  });

  describe("with containers", function () {
    skipUnlessNull(this, noEngine);
    it("no container runs after five seconds, and the next start removes those of its own state folder", async () => {
      const folder = `killed-runtime-test-${process.pid}`;
      const { child, ids } = await startDoomed("Docker", folder);
      const { client } = await findEngine();
      const [label, value] = stateLabel("another folder").split("=");
      const foreign = await client.createContainer({
        Image: "coditect-worker",
        Cmd: ["true"],
        Labels: { [label ?? ""]: value ?? "" },
      });
      const running = async (): Promise<number> => {
        const states = await Promise.all(ids.map((id) => client.getContainer(id).inspect()));
        return states.filter(({ State }) => State.Running).length;
      };
      assert.equal(await running(), 3);
      child.kill("SIGKILL");
      assert.ok(await waitUntil(async () => (await running()) === 0), `${await running()} containers run on`);
      // A spare may have been about to start as well.
      const left = await client.listContainers({ all: true, filters: { label: [stateLabel(folder)] } });
      assert.ok(left.length >= 3, `only ${left.length} containers were left`);
      const next = createDockerDriver({ entry: testWorker, stateFolder: folder });
      assert.equal(await next.removeOrphans(), left.length);
      await foreign.inspect();
      await foreign.remove();
    });
  });
});
