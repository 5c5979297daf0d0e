import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { CoditectError } from "../../../schemas/errors.ts";
import type { WorkerSpec } from "../../../server/instances/drivers/driver.ts";
import { boundMounts, containerOf, stateLabel } from "../../../server/instances/drivers/docker/container.ts";
import { Demultiplexer } from "../../../server/instances/drivers/docker/demultiplexer.ts";
import { engineAddress, engineError, parseHost } from "../../../server/instances/drivers/docker/engine.ts";
import { dockerfile } from "../../../server/instances/drivers/docker/image.ts";

const spec: WorkerSpec = {
  instance_id: "7b0a2f0e-1111-4111-8111-111111111111",
  workspace: "/projects/app",
  readable: ["/projects/app"],
  copy: "/cache/0/copy",
  hidden: [{ path: "/projects/app/.env", isFolder: false }],
  image: "project",
  limits: { memory_mb: 100, cpus: 1.5, processes: 20, disk_mb: 10 },
  egress_socket: null,
  egress_loopback: null,
  egress_on_request: false,
};
const container = containerOf(spec, {
  args: ["/product/worker.js"],
  mounts: boundMounts(spec, ["/product"]),
  stateFolder: "/projects/app/.coditect/state",
  isPodman: false,
  user: "1000:1000",
  environment: { PATH: "/usr/bin" },
});

describe("a container for a worker", () => {
  it("has no network, capability for commands or way to new privileges, and caps on everything", () => {
    const { HostConfig = {} } = container;
    assert.equal(HostConfig.NetworkMode, "none");
    assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
    assert.deepEqual(HostConfig.SecurityOpt, ["no-new-privileges"]);
    assert.equal(HostConfig.ReadonlyRootfs, true);
    assert.equal(HostConfig.Memory, 100 * 1024 ** 2);
    assert.equal(HostConfig.MemorySwap, HostConfig.Memory);
    assert.equal(HostConfig.NanoCpus, 1.5e9);
    assert.equal(HostConfig.PidsLimit, 20);
    // Root inside is the worker's real user alone, with no more than the right to start commands as the other.
    assert.equal(container.User, "0:1000");
    assert.deepEqual(HostConfig.CapAdd, ["SETUID", "SETGID", "SETPCAP"]);
    assert.ok(container.Env?.includes("CODITECT_COMMAND_USER=1000"));
    assert.equal(container.StdinOnce, true);
  });
  it("can write its copy alone", () => {
    const writable = container.HostConfig?.Mounts?.filter((mount) => mount.ReadOnly !== true);
    assert.deepEqual(
      writable?.map(({ Target }) => Target),
      ["/instance"],
    );
  });
  it("is known by its own state folder's label", () => {
    const [label = "", value] = stateLabel("/projects/app/.coditect/state").split("=");
    assert.equal(container.Labels?.[label], value);
    assert.notEqual(stateLabel("/other"), stateLabel("/projects/app/.coditect/state"));
  });
});

describe("the address of the engine", () => {
  const home = mkdtempSync(join(tmpdir(), "coditect-home-"));
  const at = (environment: Record<string, string>) => engineAddress({ environment, home });

  it("comes from DOCKER_HOST", () => {
    assert.deepEqual(at({ DOCKER_HOST: "unix:///run/user/1000/podman.sock" }), {
      socket: "/run/user/1000/podman.sock",
    });
    assert.deepEqual(parseHost("tcp://build:2375", null), {
      host: "build",
      port: 2375,
      protocol: "http",
      tls: null,
    });
    assert.deepEqual(parseHost("ssh://me@build", null), {
      host: "build",
      port: 22,
      protocol: "ssh",
      tls: null,
      username: "me",
    });
  });
  it("comes with the keys of DOCKER_CERT_PATH", () => {
    for (const name of ["ca.pem", "cert.pem", "key.pem"]) writeFileSync(join(home, name), name);
    const address = at({ DOCKER_HOST: "tcp://build", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: home });
    assert.ok("protocol" in address);
    assert.equal(address.protocol, "https");
    assert.equal(address.port, 2376);
    assert.equal(address.tls?.key.toString(), "key.pem");
  });
  it("comes from the current context of the docker command", () => {
    const folder = join(home, ".docker");
    const id = createHash("sha256").update("remote").digest("hex");
    mkdirSync(join(folder, "contexts", "meta", id), { recursive: true });
    writeFileSync(
      join(folder, "contexts", "meta", id, "meta.json"),
      '{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://remote:2375"}}}',
    );
    writeFileSync(join(folder, "config.json"), '{"currentContext":"remote"}');
    assert.deepEqual(at({}), { host: "remote", port: 2375, protocol: "http", tls: null });
    assert.ok("socket" in at({ DOCKER_CONTEXT: "default" }));
  });
});

describe("an error of the engine", () => {
  const cases: [error: object, code: string, text: RegExp][] = [
    [{ code: "ENOENT", message: "" }, "engine_unavailable", /none on this machine/],
    [{ code: "EACCES", message: "" }, "engine_unavailable", /may not use its socket/],
    [{ code: "ECONNREFUSED", message: "" }, "engine_unavailable", /nothing answers/],
    [{ statusCode: 404, message: "No such image: x" }, "image_missing", /project does not exist/],
    [{ statusCode: 500, message: "no space left on device" }, "engine_unavailable", /disk is full/],
    [{ statusCode: 400, message: "exec format error" }, "engine_unavailable", /another processor/],
  ];
  for (const [error, code, text] of cases) {
    it(`says what it means, and what to do: ${code} ${text.source}`, () => {
      const known = engineError(error, "project");
      assert.ok(known instanceof CoditectError);
      assert.equal(known.code, code);
      assert.match(known.message, text);
      assert.notEqual(known.nextStep, null);
    });
  }
});

describe("the stream of an attached container", () => {
  const piece = (stream: number, text: string): Buffer => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  it("comes apart into output and last words, however it is cut", () => {
    const parts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string({ maxLength: 20 })), { maxLength: 10 });
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 40 }), (pieces, size) => {
        const bytes = Buffer.concat(pieces.map(([stream, text]) => piece(stream, text)));
        const apart = new Demultiplexer();
        for (let at = 0; at < bytes.length; at += size) apart.write(bytes.subarray(at, at + size));
        const expected = pieces.filter(([stream]) => stream === 1).map(([, text]) => text);
        const got: unknown = apart.read();
        assert.equal(got instanceof Buffer ? got.toString() : "", expected.join(""));
      }),
    );
  });
});

describe("the instructions for an image", () => {
  it("begin with the base, or with nothing", () => {
    assert.match(dockerfile("python:3.12-slim"), /^FROM python:3.12-slim\nCOPY root\/ \/$/m);
    assert.match(dockerfile(null), /^FROM scratch\n/);
  });
});
