import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { parseAllowedHost } from "../../../server/instances/egress/policy.ts";
import { openEgress } from "../../../server/instances/egress/proxy.ts";
import type { ConnectionRecord, Egress } from "../../../server/instances/egress/proxy.ts";
import { createDockerDriver } from "../../../server/instances/docker/driver.ts";
import type { Driver } from "../../../server/instances/driver.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { workerEntry } from "../../../server/installation.ts";
import { createLocalDriver } from "../../../server/instances/local/driver.ts";
import { pools } from "./conformance.ts";
import { command, never } from "./pool-harness.ts";

const noEngine = await dockerEngine();

describe("the way out of an instance", function () {
  this.timeout(30_000);
  const server = createServer((request, response) => response.end(`reached ${request.url ?? ""}`));
  let port = 0;
  before(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    // A server that listens on a port has an address of this form.
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  describe("as a proxy", () => {
    const opened: Egress[] = [];
    afterEach(() => Promise.all(opened.splice(0).map((egress) => egress.close())));
    const open = async (lines: string[], addresses: Record<string, string[]> = {}) => {
      const records: ConnectionRecord[] = [];
      const resolved: string[] = [];
      const egress = await openEgress({
        allowed: lines.flatMap((line) => parseAllowedHost(line) ?? []),
        onConnection: (record) => records.push(record),
        resolve: (host) => {
          resolved.push(host);
          return Promise.resolve(addresses[host] ?? []);
        },
      });
      opened.push(egress);
      const say = async (text: string): Promise<string> => {
        const socket = connect(egress.socket);
        let answer = "";
        socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
        socket.on("error", () => undefined);
        socket.write(text);
        await once(socket, "close");
        return answer;
      };
      return { egress, records, resolved, say };
    };
    const inside = (line: string): string =>
      `CONNECT ${line} HTTP/1.1\r\nHost: ${line}\r\n\r\nGET /in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

    it("tunnels to a listed host, resolved once, and puts it on record", async () => {
      const way = await open([`db.test:${port}`, `127.0.0.1:${port}`], { "db.test": ["127.0.0.1"] });
      assert.match(await way.say(inside(`db.test:${port}`)), /200 Connection[^]*reached \/in/);
      assert.deepEqual(way.records, [{ host: "db.test", port, address: "127.0.0.1", reason: "allowed" }]);
      assert.deepEqual(way.resolved, ["db.test"]);
    });
    it("forwards a plain request", async () => {
      const way = await open([`127.0.0.1:${port}`]);
      const answer = await way.say(
        `GET http://127.0.0.1:${port}/plain HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      );
      assert.match(answer, /reached \/plain/);
    });
    it("refuses what is not listed without asking for its address", async () => {
      const way = await open(["other.test:443"]);
      assert.match(await way.say(inside(`evil.test:${port}`)), /^HTTP\/1.1 403/);
      assert.deepEqual(way.resolved, []);
      assert.deepEqual(
        way.records.map(({ address }) => address),
        [null],
      );
    });
    it("refuses a listed name that leads to a private or metadata address", async () => {
      const way = await open(["meta.test:80"], { "meta.test": ["169.254.169.254", "10.0.0.1"] });
      assert.match(await way.say(inside("meta.test:80")), /^HTTP\/1.1 403/);
      assert.match(way.records[0]?.reason ?? "", /private or reserved/);
    });
    it("ends every connection when it is closed", async () => {
      const way = await open([`127.0.0.1:${port}`]);
      const socket = connect(way.egress.socket);
      socket.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
      await once(socket, "data");
      await Promise.all([once(socket, "close"), way.egress.close()]);
    });
  });

  const fromInside = (driver: () => Driver): void => {
    const start = pools(driver);
    it("lets commands reach what is listed and nothing else, on record", async () => {
      const allowed_hosts = [{ host: "127.0.0.1", port }];
      const pool = await start({ settings: { allowed_hosts } });
      const instance = await pool.claim();
      await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
      const fetchThrough = (target: number): string =>
        `node -e 'require("http").get({host:"127.0.0.1",port:3128,path:"http://127.0.0.1:${target}/out"},r=>r.pipe(process.stdout))'`;
      const open = await instance.call("tests/run", command(fetchThrough(port)), never);
      assert.match(open.output, /reached \/out/);
      const closed = await instance.call("tests/run", command(fetchThrough(1)), never);
      assert.match(closed.output, /closed to this instance/);
      const record = pool.store.all("lifecycle", { instance_id: instance.record().instance_id });
      const connections = record.filter(({ event_type }) => event_type.startsWith("Connection"));
      assert.deepEqual(
        connections.map(({ event_type, details }) => [event_type, details.port]),
        [
          ["ConnectionOpened", port],
          ["ConnectionRefused", 1],
        ],
      );
    });
  };
  describe("from a local process", () => {
    fromInside(() =>
      createLocalDriver({ entry: workerEntry(), environment: [], unconfined: () => "refuse" }),
    );
  });
  describe("from a container", function () {
    skipUnlessNull(this, noEngine);
    fromInside(() => createDockerDriver({ entry: workerEntry(), stateFolder: import.meta.filename }));
  });
});
