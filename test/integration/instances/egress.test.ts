import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { parseAllowedHost } from "../../../server/instances/drivers/egress/policy.ts";
import { openEgress } from "../../../server/instances/drivers/egress/proxy.ts";
import { removeDeadSockets } from "../../../server/instances/drivers/egress/sockets.ts";
import type { Egress } from "../../../server/instances/drivers/egress/proxy.ts";
import type { ConnectionRecord } from "../../../server/instances/drivers/egress/traffic.ts";
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { builtWorker } from "../../support/product.ts";
import { createLocalDriver } from "../../../server/instances/drivers/local/driver.ts";
import { wayOut } from "./way-out.ts";

const noEngine = await dockerEngine();

describe("the way out of an instance", () => {
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
    const open = async (lines: string[], addresses: Record<string, string[]> = {}, onLoopback = false) => {
      const records: ConnectionRecord[] = [];
      const resolved: string[] = [];
      const egress = await openEgress({
        allowed: lines.flatMap((line) => parseAllowedHost(line) ?? []),
        onConnection: (record) => records.push(record),
        onLoopback,
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
    it("hands on all that was sent before the far end closed, to a reader however slow", async () => {
      const sending = createTcpServer();
      sending.listen(0, "127.0.0.1");
      await once(sending, "listening");
      // A server that listens on a port has an address of this form.
      const { port: tcpPort } = sending.address() as AddressInfo;
      const way = await open([`127.0.0.1:${tcpPort}`]);
      // Somewhere among these sizes the last bytes wait in the proxy, and not in the system's buffers.
      for (let size = 100_000; size < 500_000; size += 16_000) {
        const accepted = once(sending, "connection");
        const reader = connect(way.egress.socket).pause();
        reader.write(`CONNECT 127.0.0.1:${tcpPort} HTTP/1.1\r\n\r\n`);
        // The event's arguments are untyped; a server hands out sockets.
        const [sender] = (await accepted) as [Socket];
        await new Promise<void>((sent) => sender.end(Buffer.alloc(size), sent));
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        let read = 0;
        for await (const chunk of reader) read += (chunk as Buffer).length;
        assert.equal(read, size + "HTTP/1.1 200 Connection established\r\n\r\n".length);
      }
      sending.close();
    });
    it("leaves a socket when its runtime is killed, which the next one removes, and no other", async () => {
      const way = await open([]);
      const source = `import(${JSON.stringify(import.meta.resolve("../../../server/instances/drivers/egress/proxy.ts"))})
        .then(({openEgress}) => openEgress({allowed: [], onConnection() {}})).then(({socket}) => console.log(socket))`;
      const doomed = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "pipe", "inherit"] });
      const [said] = (await once(doomed.stdout, "data")) as [Buffer];
      doomed.kill("SIGKILL");
      await once(doomed, "exit");
      const left = said.toString().trim();
      assert.equal(existsSync(left), true);
      await removeDeadSockets();
      assert.deepEqual([existsSync(left), existsSync(way.egress.socket)], [false, true]);
    });
    it("serves whoever knows its token on the loopback, and nobody else", async () => {
      const way = await open([`127.0.0.1:${port}`], {}, true);
      const { loopback } = way.egress;
      assert.ok(loopback !== null);
      const proxyOf = (token: string) => ({
        HTTP_PROXY: `http://instance:${token}@127.0.0.1:${loopback.port}`,
      });
      const source = `require("http").get("http://127.0.0.1:${port}/near", r => r.pipe(process.stdout))`;
      const read = async (token: string): Promise<string> => {
        const env = { ...proxyOf(token), NODE_USE_ENV_PROXY: "1" };
        return (await promisify(execFile)(process.execPath, ["-e", source], { env })).stdout;
      };
      assert.deepEqual([await read(loopback.token), await read("guessed")], ["reached /near", ""]);
      const tunnel = connect(loopback.port, "127.0.0.1");
      tunnel.write(inside(`127.0.0.1:${port}`));
      const [answer] = (await once(tunnel, "data")) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1.1 407/);
      assert.equal(way.records.length, 1);
    });
    it("ends every connection when it is closed", async () => {
      const way = await open([`127.0.0.1:${port}`]);
      const socket = connect(way.egress.socket);
      socket.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
      await once(socket, "data");
      await Promise.all([once(socket, "close"), way.egress.close()]);
    });
  });

  describe("from a local process", () => {
    wayOut(() => createLocalDriver({ entry: builtWorker(), environment: [], unconfined: () => "refuse" }));
  });
  describe("from a container", function () {
    skipUnlessNull(this, noEngine);
    wayOut(() => createDockerDriver({ entry: builtWorker(), stateFolder: import.meta.filename }));
  });
});
