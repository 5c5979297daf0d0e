import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { request } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { duplexPair, PassThrough } from "node:stream";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { WebSocket } from "ws";
import { type DailyMetrics, MetricRow } from "../../schemas/metrics.ts";
import { CoditectError } from "../../schemas/errors.ts";
import { Link } from "../../server/instances/drivers/cloud-run/gateway/link.ts";
import { parseAllowedHost } from "../../server/instances/drivers/egress/policy.ts";
import { openEgress } from "../../server/instances/drivers/egress/proxy.ts";
import { carryEgress } from "../../server/instances/drivers/egress/relay.ts";
import { Overseer } from "../../server/instances/drivers/remote/overseer.ts";
import { wholeMetrics } from "../../server/metrics/record.ts";
import { rowsBy } from "../../server/metrics/read.ts";
import { readTree } from "../../server/transfer/tree-text.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Fails if this process has an error that nobody handles. */
const withoutCrash = async (work: () => Promise<void>): Promise<void> => {
  const crashes: unknown[] = [];
  const note = (error: unknown): void => void crashes.push(error);
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", note);
  try {
    await work();
    for (let turns = 0; turns < 20; turns += 1) await turn();
  } finally {
    process.removeListener("uncaughtException", note);
    for (const listener of before) process.on("uncaughtException", listener);
  }
  assert.deepEqual(crashes, []);
};

/** A WebSocket that accepts what is sent and never sends anything. */
class DeafSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  send(): void {
    // It goes nowhere.
  }
  terminate(): void {
    this.readyState = 3;
  }
}
const isSocket = (socket: unknown): socket is WebSocket => socket instanceof DeafSocket;

describe("what a container sends cannot stop the runtime:", function () {
  this.timeout(30_000);

  it("frames of Cloud Run, in any form and order", () =>
    withoutCrash(async () => {
      const kinds = fc.constantFrom(0, 1, 2, 3, 4, 253, 254, 255);
      const frame = fc
        .tuple(kinds, fc.uint8Array({ maxLength: 20 }))
        .map(([kind, rest]) => Buffer.from([kind, ...rest]));
      const frames = fc.array(fc.oneof(frame, fc.uint8Array({ maxLength: 3 })), { maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(frames, fc.nat(3), async (sent, welcome) => {
          const socket = new DeafSocket();
          assert.ok(isSocket(socket));
          const link = new Link(() => {
            link.end();
          });
          const channels = [0, 1, 2].map((id) => link.channel(id));
          for (const channel of channels) channel.resume().write("x".repeat(100_000));
          link.use(socket, welcome);
          for (const each of sent) socket.emit("message", Buffer.from(each), true);
          await turn();
          link.end();
        }),
        { numRuns: 150 },
      );
    }));

  it("a flood on a channel that nobody reads, which is a fault and takes no memory", () => {
    const faults: string[] = [];
    const socket = new DeafSocket();
    assert.ok(isSocket(socket));
    const link = new Link((what) => {
      faults.push(what);
      link.end();
    });
    link.channel(1);
    link.use(socket, 0);
    const flood = Buffer.concat([Buffer.of(1), Buffer.alloc(64 * 1024)]);
    for (let frames = 0; frames < 40 && faults.length === 0; frames += 1) socket.emit("message", flood, true);
    assert.deepEqual(faults, ["channel 1 sent more than it may"]);
  });

  it("lines of an overseer that are cut off, unknown, or answers to nothing", () =>
    withoutCrash(async () => {
      const lines = [
        '{"id":"a","resu',
        "",
        "null",
        "[]",
        "{}",
        '{"id":1}',
        '{"id":"nobody","result":{}}',
        "\u0000",
        '{"id":"__proto__"}',
      ];
      const output = new PassThrough();
      const input = new PassThrough();
      const closing = Promise.withResolvers<undefined>();
      const overseer = new Overseer({
        ...{ input, output, lastWords: () => "", closed: closing.promise, close: () => undefined },
      });
      const usage = overseer.usage();
      const [asked] = (await once(input, "data")) as [Buffer];
      const { id } = JSON.parse(asked.toString()) as { id: string };
      output.write(`${lines.join("\n")}\n${JSON.stringify({ id, result: { cpu_seconds: "many" } })}\n`);
      assert.equal(await usage, null);
      const probed = overseer.probe([{ name: "processes", memory: true }]);
      const bytes = overseer.bytes("/");
      output.end('{"id":"cut');
      await once(output, "end");
      closing.resolve(undefined);
      assert.deepEqual([await probed, await bytes], [[], 0]);
    }));

  describe("connections through a relay", () => {
    let folder: string;
    let proxy: Server;
    let socket: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "coditect-relay-"));
      socket = join(folder, "proxy.sock");
      proxy = createServer((inside) => inside.on("error", () => undefined).end("x")).listen(socket);
      await once(proxy, "listening");
    });
    after(async () => {
      proxy.close();
      await rm(folder, { recursive: true, force: true });
    });

    it("that are reset as soon as they are opened", () =>
      withoutCrash(async () => {
        const door = createServer().listen(join(folder, "door.sock"));
        await once(door, "listening");
        const inside = connect(join(folder, "door.sock"));
        const [outside] = (await once(door, "connection")) as [Socket];
        const client = connectHttp2("http://runtime", { createConnection: () => inside });
        client.on("error", () => undefined);
        await carryEgress({ readable: outside, writable: outside }, socket);
        const open = () => client.request({ ":method": "CONNECT", ":authority": "proxy" });
        for (let round = 0; round < 20; round += 1) {
          const resets = Array.from({ length: 20 }, () => {
            const way = open().on("error", () => undefined);
            way.close(constants.NGHTTP2_CANCEL);
            return new Promise((closed) => way.once("close", closed));
          });
          await Promise.all(resets);
        }
        const way = open();
        const [answer] = (await once(way, "data")) as [Buffer];
        assert.equal(answer.toString(), "x");
        client.destroy();
        door.close();
      }));

    it("whose bytes are not HTTP/2", () =>
      withoutCrash(async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), async (pieces) => {
            const [inside, outside] = duplexPair();
            inside.on("error", () => undefined).resume();
            const carried = carryEgress({ readable: outside, writable: outside }, socket);
            for (const piece of pieces) inside.write(piece);
            inside.end();
            await assert.rejects(carried);
          }),
          { numRuns: 30 },
        );
      }));
  });

  it("answers of a server that Node can read but refuses to write", () =>
    withoutCrash(async () => {
      const answers = ["HTTP/1.1 000 None\r\n\r\n", "HTTP/1.1 099 Low\r\n\r\n", "x"];
      for (const answer of answers) {
        const server = createServer((inside) => {
          inside.on("error", () => undefined).once("data", () => inside.end(answer));
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = server.address();
        assert.ok(typeof address === "object" && address !== null);
        const host = `127.0.0.1:${address.port}`;
        const allowed = parseAllowedHost(host);
        assert.ok(allowed !== null);
        const egress = await openEgress({ allowed: [allowed], onConnection: () => undefined });
        const outcome = await new Promise((resolve) => {
          request({ socketPath: egress.socket, path: `http://${host}/` })
            .once("response", ({ statusCode }) => {
              resolve(statusCode);
            })
            .once("error", () => {
              resolve("broken");
            })
            .end();
        });
        assert.equal(outcome, "broken", answer);
        await egress.close();
        server.close();
      }
    }));
});

describe("files from others are read in bounded time, and errors name them:", function () {
  this.timeout(20_000);
  const noPace = () => undefined;
  const named = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      assert.ok(error instanceof CoditectError, String(error));
    }
  };

  it("lists of files that a client sends", async () => {
    const path = fc.constantFrom(
      "a",
      "a/b",
      "../a",
      "/a",
      ".git/config",
      "a//b",
      "a\\b",
      "A/B",
      "a/.GIT/x",
      "",
    );
    const entry = fc.oneof(
      fc.record({
        path,
        sha256: fc.constantFrom("0".repeat(64), "0", ""),
        size: fc.oneof(fc.nat(), fc.constant(-1), fc.double()),
        executable: fc.oneof(fc.boolean(), fc.constant(1)),
      }),
      fc.record({ path, target: fc.constantFrom("../../x", "/etc", "b/../..", "b", "\0") }),
      fc.jsonValue(),
    );
    const line = fc.oneof(
      entry.map((each) => JSON.stringify(each)),
      fc.string({ maxLength: 30 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), (lines) =>
        named(() => readTree(lines.join("\n"), noPace)),
      ),
    );
  });

  it("lists of files with the deepest possible paths", async () => {
    const deep = "a/".repeat(254);
    const lines = Array.from({ length: 1000 }, (_, number) =>
      JSON.stringify({ path: `${deep}${number}`, sha256: "0".repeat(64), size: 0, executable: false }),
    );
    assert.equal((await readTree(lines.join("\n"), noPace)).size, 1000);
    await named(() => readTree("[".repeat(1_000_000), noPace));
    await named(() => readTree("\n".repeat(1_000_000), noPace));
  });

  it("sums of a day that somebody wrote by hand", () => {
    const count = fc.oneof(
      { weight: 60, arbitrary: fc.nat() },
      fc.constantFrom(Number.MAX_SAFE_INTEGER, 1e300, -1, 0.5, "1", null),
    );
    const bucket = fc.constantFrom("0", "-5", "99999999999", "-99999999999", "__proto__", "1e9", "007");
    const durations = fc.record({
      count,
      sum_seconds: count,
      buckets: fc.dictionary(bucket, count, { maxKeys: 4 }),
    });
    const group = fc.record({
      agent_type: fc.constantFrom("Coder", "TestWriter"),
      ...{ workflow: fc.string(), provider: fc.constantFrom("Claude", "__proto__"), model: fc.string() },
      outcomes: fc.record({ completed: count, failed: count, cancelled: count, timed_out: count }),
      ...{ run: durations, wait: durations },
      tokens: fc.record({
        input: count,
        cache_read: count,
        cache_write: count,
        output: count,
        reasoning: count,
      }),
      ...{ api_calls: count, tool_calls: count, cost_microcents: count, unpriced: count },
      gates: fc.dictionary(fc.constantFrom("red", "green"), fc.record({ held: count, failed: count })),
    });
    const day = "2026-01-31";
    const tenant = "00000000-0000-4000-8000-000000000001";
    const stored = fc.oneof(
      fc.record({
        tenant_id: fc.constant(tenant),
        day: fc.constant(day),
        groups: fc.array(group, { maxLength: 3 }),
      }),
      fc.object(),
    );
    let [tried, read] = [0, 0];
    fc.assert(
      fc.property(stored, (record) => {
        tried += 1;
        // As it comes from the state file: anything.
        const whole = wholeMetrics(tenant, day, record as unknown as DailyMetrics);
        if (whole === null) return;
        read += 1;
        const sums = { since: day, until: day, days: [whole], damaged: 0 };
        const { total, rows } = rowsBy("provider", sums);
        for (const row of [total, ...rows])
          assert.doesNotThrow(() => MetricRow.parse(JSON.parse(JSON.stringify(row))));
      }),
      { numRuns: 300 },
    );
    assert.ok(read > 0 && read < tried, `${read} of ${tried} were read`);
  });
});
