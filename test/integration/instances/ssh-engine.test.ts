import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openEngine, parseHost } from "../../../server/instances/docker/engine.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const noEngine = await dockerEngine();
const noCommand = await promisify(execFile)("docker", ["system", "dial-stdio", "--help"]).then(
  () => null,
  () => "the docker command is not installed",
);

/** The far end is real; in place of ssh stands a script that runs its command on this machine. */
describe("an engine behind ssh", function () {
  this.timeout(20_000);
  skipUnlessNull(this, noEngine ?? noCommand);
  const path = process.env.PATH;
  let folder: string;
  const ssh = async (script: string): Promise<void> => {
    await writeFile(join(folder, "ssh"), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, "ssh"), 0o755);
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-ssh-"));
    process.env.PATH = `${folder}:${path ?? ""}`;
  });
  after(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });

  it("is spoken to through the system's own ssh, as whom its address says", async () => {
    await ssh(
      `echo "$*" >> '${join(folder, "calls")}'; while [ "$1" != -- ]; do shift; done; shift 2; exec "$@"`,
    );
    const engine = await openEngine(parseHost("ssh://me@build:2222", null));
    assert.equal(engine.isLocal, false);
    const { ID } = (await engine.client.info()) as { ID: string };
    assert.notEqual(ID, "");
    const { stdout: calls } = await promisify(execFile)("cat", [join(folder, "calls")]);
    assert.match(calls, /-p 2222 -l me -- build docker system dial-stdio/);
  });

  it("fails with what ssh says", async () => {
    await ssh("echo 'Host key verification failed.' >&2; exit 255");
    await assert.rejects(openEngine(parseHost("ssh://build", null)), /Host key verification failed/);
  });
});
