import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { engineAddress, findEngine } from "../../../server/instances/drivers/docker/engine.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { startSshServer, whyNoSshServer } from "../../support/ssh-server.ts";
import type { SshServer } from "../../support/ssh-server.ts";

const noEngine = await dockerEngine();
const noCommand = await promisify(execFile)("docker", ["system", "dial-stdio", "--help"]).then(
  () => null,
  () => "the docker command is not installed",
);

describe("an engine behind ssh", function () {
  skipUnlessNull(this, noEngine ?? noCommand ?? whyNoSshServer());
  const { PATH, DOCKER_HOST } = process.env;
  let server: SshServer;

  const restore = (name: string, value: string | undefined): void => {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  };
  beforeEach(async () => {
    const near = engineAddress({ environment: process.env, home: homedir() });
    assert.ok("socket" in near, "the engine of this machine is not on it");
    server = await startSshServer({ DOCKER_HOST: `unix://${near.socket}` });
    process.env.PATH = `${server.programs}:${PATH ?? ""}`;
    process.env.DOCKER_HOST = server.url;
  });
  afterEach(async () => {
    restore("PATH", PATH);
    restore("DOCKER_HOST", DOCKER_HOST);
    await server.close();
  });

  it("is reached with the user's own key, and is known to be elsewhere", async () => {
    const engine = await findEngine();
    assert.equal(engine.isLocal, false);
    const { ID } = (await engine.client.info()) as { ID: string };
    assert.notEqual(ID, "");
  });

  it("is not spoken to if its host is not the one that is known", async () => {
    const hosts = await readFile(server.knownHosts, "utf8");
    await writeFile(server.knownHosts, hosts.replace("127.0.0.1", "127.0.0.2"));
    await assert.rejects(findEngine(), /Host key verification failed/);
  });

  it("says that no key was accepted", async () => {
    await writeFile(server.authorizedKeys, "");
    await assert.rejects(findEngine(), /Permission denied \(publickey\)/);
  });

  it("says that nobody listens there", async () => {
    await server.close();
    await assert.rejects(findEngine(), /Connection refused/);
  });

  it("fails what waits for an answer when the connection breaks", async () => {
    const { client } = await findEngine();
    const events = await client.getEvents();
    const broken = new Promise((resolve) => events.once("error", resolve).once("close", resolve));
    // Who reads nothing of a stream is not told of its end.
    events.resume();
    await server.close();
    await broken;
    await assert.rejects(client.info(), /Connection refused/);
  });
});
