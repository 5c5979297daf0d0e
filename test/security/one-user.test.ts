import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, it } from "mocha";
import { Settings } from "../../schemas/settings.ts";
import { CloudRunDriver } from "../../server/instances/drivers/cloud-run/driver.ts";
import { DEFAULT_IMAGE, WORKER_SETPRIV } from "../../server/instances/drivers/docker/container.ts";
import { createDockerDriver } from "../../server/instances/drivers/docker/driver.ts";
import { findEngine } from "../../server/instances/drivers/docker/engine.ts";
import type { Driver } from "../../server/instances/drivers/driver.ts";
import { KubernetesDriver } from "../../server/instances/drivers/kubernetes/driver.ts";
import { workerEntry } from "../../server/platform/installation.ts";
import { findProgram } from "../../server/workspace/find-program.ts";
import { dockerEngine } from "../docker-engine.ts";
import { pools } from "../integration/instances/conformance.ts";
import { command, never } from "../integration/instances/pool-harness.ts";
import { bundleWorkers } from "../support/bundled-workers.ts";
import { whyNoCloudRunDouble } from "../support/cloud-run/double.ts";
import { cloudRunSettings, cloudRunTestbed } from "../support/cloud-run/testbed.ts";
import { KubernetesDouble, whyNoKubernetesDouble } from "../support/kubernetes/api-double.ts";
import { skipUnlessNull } from "../support/skip.ts";

const real = String(workerEntry().args[0]);
const perl = findProgram("perl");
const noPods = await whyNoKubernetesDouble();
const noEngine = await dockerEngine();
const noCloudRun = await whyNoCloudRunDouble();
const noPerl = perl === null ? "perl is not installed" : null;

const PTRACE = process.arch === "arm64" ? 117 : 101;
const ATTACH = 16;
/**
 * Tries to read, change and trace every process except itself. Prints how many processes there are, and
 * what it could do to each.
 */
const ATTACK = `
opendir my $all, "/proc"; my $seen = 0;
for my $pid (grep { /^\\d+$/ && $_ != $$ } readdir $all) {
  my $at = "/proc/$pid"; $seen++;
  open my $mem, "+<", "$at/mem" and print "REACHED memory of $pid\\n";
  for my $name ("maps", "environ", "auxv", "stack") { open my $file, "<", "$at/$name" and defined(readline $file) and print "REACHED $name of $pid\\n" }
  for my $name ("exe", "cwd", "root", "fd/0", "fd/1", "fd/3") { defined(readlink "$at/$name") and print "REACHED $name of $pid\\n" }
  for my $stream (0 .. 9) { open my $file, $_, "$at/fd/$stream" and print "REACHED stream $stream of $pid\\n" for "<", ">" }
  syscall(${PTRACE}, ${ATTACH}, $pid + 0, 0, 0) == 0 and print "REACHED $pid by tracing\\n";
}
print "seen $seen\\n";`;

/** Copies a program of this machine into a workspace, with its libraries. */
const bringPerl = async (workspace: string): Promise<void> => {
  assert.ok(perl !== null);
  const linked = execFileSync("ldd", [perl], { encoding: "utf8" });
  const libraries = [...linked.matchAll(/=> (\/\S+)/g)].flatMap(([, path]) => path ?? []);
  for (const path of [perl, ...libraries]) await copyFile(path, join(workspace, basename(path)));
};

/** `others`: the processes of an instance except the command itself. */
const holds = (driver: () => Driver, others: number): void => {
  const start = pools(driver);

  it("cannot read, change or trace any other process", async () => {
    const pool = await start();
    await bringPerl(pool.workspace);
    const instance = await pool.claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const run = async (line: string) => (await instance.call("tests/run", command(line), never)).output;
    const output = await run(`exec env LD_LIBRARY_PATH=. ./perl -e '${ATTACK}'`);
    assert.doesNotMatch(output, /REACHED/);
    assert.ok(Number(/seen (\d+)/.exec(output)?.[1]) >= others, output);
    assert.equal((await run("echo it answers")).trim(), "it answers");
  });
};

describe("a command in a pod, which runs as the same user as its worker", function () {
  this.timeout(60_000);
  skipUnlessNull(this, noPerl ?? noPods);
  let double: KubernetesDouble;
  let program: string;
  before(async () => {
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { real });
    double = await KubernetesDouble.start();
  });
  after(async () => {
    await double.close();
    await rm(program, { recursive: true, force: true });
  });
  // The first process, the worker, and the program that watches them.
  holds(
    () =>
      new KubernetesDriver({
        entry: { command: process.execPath, args: [join(program, "real.cjs")] },
        stateFolder: import.meta.filename,
        settings: Settings.parse({}).kubernetes,
        cluster: () => double.cluster(),
      }),
    3,
  );
});

describe("a command in Cloud Run, which runs as the same user as its worker", function () {
  this.timeout(60_000);
  skipUnlessNull(this, noPerl ?? noCloudRun);
  const bed = cloudRunTestbed({ real });
  // The gateway, the receiver of files, the worker, and the program that watches it.
  holds(
    () =>
      new CloudRunDriver({
        entry: { command: process.execPath, args: [bed.worker("real")] },
        stateFolder: import.meta.filename,
        settings: Settings.parse({ cloud_run: cloudRunSettings }).cloud_run,
      }),
    4,
  );
});

describe("a command in a container whose worker cannot keep another user", function () {
  this.timeout(60_000);
  skipUnlessNull(this, noPerl ?? noEngine);
  const image = "coditect-test-one-user";
  let context: string;
  before(async () => {
    context = await mkdtemp(join(tmpdir(), "coditect-one-user-"));
    await writeFile(join(context, "Dockerfile"), `FROM ${DEFAULT_IMAGE}\nRUN rm ${WORKER_SETPRIV}\n`);
    const { client } = await findEngine();
    const options = { t: image, networkmode: "none" };
    const progress = await client.buildImage({ context, src: ["Dockerfile"] }, options);
    await new Promise((resolve) => {
      client.modem.followProgress(progress, resolve);
    });
  });
  after(async () => {
    const { client } = await findEngine();
    await client.getImage(image).remove({ force: true });
    await rm(context, { recursive: true, force: true });
  });
  const driver = () => createDockerDriver({ entry: workerEntry(), stateFolder: import.meta.filename, image });
  const start = pools(driver);

  it("runs as the same user as its worker, but not as that of the first process", async () => {
    const instance = await (await start()).claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const { output } = await instance.call(
      "tests/run",
      command("grep -h ^Uid /proc/1/status /proc/$PPID/status /proc/self/status"),
      never,
    );
    const [first, worker, own] = output.trim().split("\n");
    assert.match(first ?? "", /^Uid:\t0\t0\t0\t0$/);
    assert.match(own ?? "", /^Uid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/);
    assert.equal(worker, own);
  });

  // The first process, the worker, and the guard.
  holds(driver, 3);
});
