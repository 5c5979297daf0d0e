import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { fail } from "../../../schemas/errors.ts";
import { protocols } from "../../model-protocols.ts";
import { listen } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureCase,
  failureOf,
  gatewayWith,
  modelServers,
  question,
  quickClock,
  readFileTool,
  shownText,
} from "../../support/gateway.ts";

const text = "A first half of an answer that is long enough to come in more pieces than only one or two.";

for (const protocol of protocols) {
  describe(`broken connections to ${protocol.name}`, () => {
    const start = failureCase(protocol, modelServers());

    it("asks again after a connection that was reset before any answer", async () => {
      const { gateway, charge } = await start([{ cutAfter: 0 }, { text: "Here." }]);
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Here." }]);
    });

    it("withdraws a stream that was cut, joins nothing, and counts what it cost", async () => {
      const { gateway, ledger, charge } = await start([{ text, cutAfter: 4 }, { text: "The whole answer." }]);
      const { answer, signals, spent } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "The whole answer." }]);
      assert.equal(shownText(signals), "The whole answer.");
      assert.ok(signals.some(({ type }) => type === "withdrawn"));
      assert.ok((ledger.entries[0]?.usage.input ?? 0) > 0);
      assert.deepEqual(
        ledger.entries.map(({ usage }) => usage),
        [...spent.map(({ usage }) => usage), answer.usage],
        "the caller is told of every token that the caps count",
      );
    });

    it("never gives out a call whose stream was cut", async () => {
      const calls = [{ tool: "read_file", arguments: { path: "a/path/that/is/long/enough/to/be/cut.ts" } }];
      const cutAfter = { Claude: 3, Gemini: 1, Ollama: 1, HuggingFace: 2 }[protocol.name];
      const { gateway, charge, requests } = await start([{ calls, cutAfter }, { text: "Here." }]);
      const { answer } = await ask(gateway, question("Read", { tools: [readFileTool] }), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Here." }]);
      assert.equal(requests.length, 2);
    });

    it("ends a stream that stalls and asks again", async () => {
      const { gateway, charge, requests } = await start(
        [{ text, stallAfter: 3 }, { text: "Here." }],
        {},
        { silence: 500 },
      );
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Here." }]);
      while (requests[0]?.aborted !== true) await new Promise(setImmediate);
    });

    it("ends a request without a first byte", async () => {
      const { gateway, charge } = await start(
        [{ text, delayMs: 2000 }],
        { max_retries: 0 },
        { firstByte: 300 },
      );
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      assert.equal(error.code, "timed_out");
    });

    it("ends an answer that drips past its deadline, and does not ask again", async () => {
      const dripping = await listen(async (_request, response) => {
        response.writeHead(200, { "content-type": protocol.contentType });
        while (!response.destroyed) {
          response.write(protocol.contentType.includes("ndjson") ? "\n" : ": drip\n\n");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      });
      const endpoints = allAt(dripping.url);
      const { gateway } = gatewayWith({ endpoints });
      const charge = chargeTo(agentWith(protocol.provider(dripping.url), { timeout_seconds: 1 }));
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      await dripping.close();
      assert.equal(error.code, "timed_out");
      assert.equal(error.data.seconds, 1);
    });

    it("settles at once when it is cancelled in the stream, and closes the connection", async () => {
      const { gateway, charge, requests } = await start([{ text, stallAfter: 3 }]);
      const controller = new AbortController();
      const asking = gateway.generate(question("Hello"), charge, {
        signal: controller.signal,
        tell: () => {
          controller.abort();
        },
      });
      assert.equal((await failureOf(asking)).code, "cancelled");
      while (requests[0]?.aborted !== true) await new Promise(setImmediate);
    });

    it("sends nothing before what it rests on is ready, and nothing at all if that fails", async () => {
      const { gateway, charge, requests } = await start([{ text }, { text }]);
      const { signal } = new AbortController();
      const disk = Promise.withResolvers<undefined>();
      const asking = gateway.generate(question("Hello"), charge, { signal, ready: disk.promise });
      await ask(gateway, question("Sent later, and answered before"), charge);
      assert.equal(requests.length, 1);
      disk.resolve(undefined);
      await asking;
      assert.equal(requests.length, 2);
      const ready = Promise.reject(fail("state_read_only", { reason: "the disk is full" }));
      const error = await failureOf(gateway.generate(question("Hello"), charge, { signal, ready }));
      assert.equal(error.code, "state_read_only");
      assert.equal(requests.length, 2);
    });

    it("opens its connection meanwhile", async () => {
      const server = createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo; // It listens on TCP.
      const url = `http://127.0.0.1:${port}`;
      const { gateway } = gatewayWith({ endpoints: allAt(url) });
      const charge = chargeTo(agentWith(protocol.provider(url)));
      const stop = new AbortController();
      const never = new Promise<void>(() => undefined);
      const asking = gateway.generate(question("Hello"), charge, { signal: stop.signal, ready: never });
      const [socket] = (await once(server, "connection")) as [Socket]; // What a TCP server is given.
      stop.abort();
      assert.equal((await failureOf(asking)).code, "cancelled");
      assert.equal(await textOf(socket), "", "nothing of the request was sent on it");
      server.close();
    });

    it("sends nothing after a redirect", async () => {
      const asked: string[] = [];
      const elsewhere = await listen((request, response) => {
        asked.push(JSON.stringify(request.headers));
        response.end();
        return Promise.resolve();
      });
      const headers = { location: `${elsewhere.url}/v1/messages` };
      const { gateway, charge } = await start([{ status: 307, headers }]);
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      await elsewhere.close();
      assert.equal(error.code, "provider_refused");
      assert.match(error.message, /127\.0\.0\.1:\d+/);
      assert.deepEqual(asked, []);
    });

    it("knows a web page from an answer", async () => {
      const portal = await listen((_request, response) => {
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
        response.end("<html><body>Please sign in</body></html>");
        return Promise.resolve();
      });
      const endpoints = allAt(portal.url);
      const { gateway } = gatewayWith({ endpoints });
      const charge = chargeTo(agentWith(protocol.provider(portal.url)));
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      await portal.close();
      assert.match(error.message, /a web page came back/);
    });

    it("reads no more of an endless answer than it must", async () => {
      const events = protocol.events({ text: "x".repeat(24) }, {}, 1);
      const first = events.findIndex((event) => event.includes("xxx"));
      const head = events.slice(0, first).join("");
      const filler = (events[first] ?? "").replace(/x+/, "x".repeat(20_000)).repeat(10);
      const megabyte = 1024 * 1024;
      let sent = 0;
      const fill = function* () {
        yield head;
        for (; sent < 50 * megabyte; sent += filler.length) yield filler;
      };
      const endless = await listen(async (_request, response) => {
        response.writeHead(200, { "content-type": protocol.contentType });
        await pipeline(Readable.from(fill()), response);
      });
      const endpoints = allAt(endless.url);
      const { gateway } = gatewayWith({ endpoints });
      const charge = chargeTo(agentWith(protocol.provider(endless.url), { timeout_seconds: 20 }));
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      await endless.close();
      assert.equal(error.code, "provider_failed");
      assert.match(error.message, /longer than 32 MB/);
      assert.ok(sent < 40 * megabyte, `${sent} bytes were taken`);
    });

    it("reads an answer whose pieces end anywhere, within lines and characters", async () => {
      const whole = Buffer.from(protocol.events({ text: "Grüße 👋 aus 東京" }, {}, 1).join(""), "utf8");
      const chopping = await listen(async (_request, response) => {
        response.writeHead(200, { "content-type": protocol.contentType });
        for (let at = 0; at < whole.length; at += 7) {
          response.write(whole.subarray(at, at + 7));
          await new Promise(setImmediate);
        }
        response.end();
      });
      const endpoints = allAt(chopping.url);
      const { gateway } = gatewayWith({ endpoints });
      const { answer } = await ask(
        gateway,
        question("Hello"),
        chargeTo(agentWith(protocol.provider(chopping.url))),
      );
      await chopping.close();
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Grüße 👋 aus 東京" }]);
    });

    it("takes half a line at the end for a cut answer", async () => {
      const events = protocol.events({ text }, {}, 1);
      let asked = 0;
      const halving = await listen((_request, response) => {
        response.writeHead(200, { "content-type": protocol.contentType });
        const whole = events.join("");
        const broken = events.slice(0, 4).join("") + (events[4] ?? "").slice(0, 20);
        // The connection ends as if all were well: only the answer itself shows that it is not.
        response.end(asked++ === 0 ? broken : whole);
        return Promise.resolve();
      });
      const endpoints = allAt(halving.url);
      const { gateway } = gatewayWith({ endpoints, clock: quickClock() });
      const charge = chargeTo(agentWith(protocol.provider(halving.url)));
      const { answer, signals } = await ask(gateway, question("Hello"), charge);
      await halving.close();
      assert.equal(asked, 2);
      assert.equal(shownText(signals), text);
      assert.deepEqual(answer.message.content, [{ type: "text", text }]);
    });

    it("says that nobody listens there", async () => {
      const closed = createServer();
      closed.listen(0, "127.0.0.1");
      await once(closed, "listening");
      const { port } = closed.address() as AddressInfo; // It listens on TCP.
      closed.close();
      const url = `http://127.0.0.1:${port}`;
      const { gateway } = gatewayWith({
        endpoints: allAt(url),
        clock: quickClock(),
      });
      const charge = chargeTo(agentWith(protocol.provider(url), { max_retries: 1 }));
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      assert.equal(error.code, "provider_unreachable");
      assert.match(error.message, new RegExp(`${port}: connection refused`));
    });
  });
}
