import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { protocols } from "../../model-protocols.ts";
import { listen, startModelServer, type ModelServer, type Turn } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  question,
  quickClock,
  readFileTool,
  shownText,
} from "../../support/gateway.ts";

const secret = "sk-very-secret-key";
const text = "A first half of an answer that is long enough to come in more pieces than only one or two.";

for (const protocol of protocols) {
  describe(`failures of ${protocol.name}`, () => {
    let server: ModelServer | null = null;
    afterEach(async () => {
      await server?.close();
      server = null;
    });
    const start = async (
      turns: readonly Turn[],
      settings: { max_retries?: number; timeout_seconds?: number } = {},
      patience: { firstByte?: number; silence?: number } | null = null,
    ) => {
      const started = (server = await startModelServer({ Coder: turns }));
      const clock = quickClock();
      const endpoints = allAt(started.url);
      const credentials = { keys: () => Promise.resolve([secret]) };
      const { gateway, ledger } = gatewayWith({
        endpoints,
        clock,
        credentials,
        ...(patience && { deadlines: patience }),
      });
      const charge = chargeTo(agentWith(protocol.provider(started.url), settings));
      return { gateway, ledger, charge, clock, requests: started.requests };
    };

    for (const status of [408, 409, 429, 500, 502, 503, 529]) {
      it(`asks again after ${status}`, async () => {
        const { gateway, charge, clock, requests } = await start([{ status }, { text: "Here." }]);
        const { answer, signals } = await ask(gateway, question("Hello"), charge);
        assert.deepEqual(answer.message.content, [{ type: "text", text: "Here." }]);
        assert.equal(requests.length, 2);
        assert.equal(clock.waits.length, 1);
        const retry = signals.find(({ type }) => type === "retry");
        assert.match(retry?.type === "retry" ? retry.reason : "", new RegExp(String(status)));
      });
    }

    for (const [status, code] of [
      [400, "provider_refused"],
      [401, "credential_rejected"],
      [402, "provider_quota"],
      [403, "provider_refused"],
      [404, "model_not_found"],
      [413, "provider_refused"],
      [422, "provider_refused"],
    ] as const) {
      it(`does not ask again after ${status}`, async () => {
        const { gateway, ledger, charge, requests } = await start([{ status }, { text: "Never." }]);
        const error = await failureOf(ask(gateway, question("Hello"), charge));
        assert.equal(error.code, code);
        assert.ok(!JSON.stringify([error.message, error.data, error.stack]).includes(secret));
        assert.equal(requests.length, 1);
        assert.equal(ledger.entries.length, 0, "nothing was used");
      });
    }

    it("gives up after max_retries", async () => {
      const { gateway, charge, requests } = await start(Array<Turn>(5).fill({ status: 503 }), {
        max_retries: 2,
      });
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      assert.equal(error.code, "provider_failed");
      assert.equal(error.retryable, true);
      assert.equal(requests.length, 3);
    });

    for (const [name, headers, expected] of [
      ["in seconds", { "retry-after": "7" }, 7000],
      ["as a date", { "retry-after": "Thu, 01 Jan 2026 12:00:09 GMT" }, 9000],
      ["in milliseconds", { "retry-after-ms": "250" }, 250],
      ["of an hour, cut", { "retry-after": "3600" }, 60_000],
    ] as const) {
      it(`waits as long as it is asked to: ${name}`, async () => {
        const { gateway, charge, clock } = await start([{ status: 429, headers }, { text: "Here." }]);
        await ask(gateway, question("Hello"), charge);
        assert.deepEqual(clock.waits, [expected]);
      });
    }

    it("does not ask again when the quota is used up", async () => {
      const body =
        protocol.name === "Gemini"
          ? JSON.stringify({
              error: {
                code: 429,
                message: "You exceeded your current quota",
                status: "RESOURCE_EXHAUSTED",
                details: [{ violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel" }] }],
              },
            })
          : protocol.error(429, "You have exceeded your monthly included credits: insufficient_quota");
      const { gateway, charge, requests } = await start([{ status: 429, body }, { text: "Never." }]);
      assert.equal((await failureOf(ask(gateway, question("Hello"), charge))).code, "provider_quota");
      assert.equal(requests.length, 1);
    });

    it("says that the conversation is too long", async () => {
      const body = protocol.error(400, "prompt is too long: 210000 tokens > 200000 maximum context length");
      const { gateway, charge } = await start([{ status: 400, body }]);
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      assert.equal(error.code, "context_too_long");
      assert.deepEqual([error.data.tokens, error.data.window], [210_000, 200_000]);
    });

    it("asks again after a connection that was reset before any answer", async () => {
      const { gateway, charge } = await start([{ cutAfter: 0 }, { text: "Here." }]);
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Here." }]);
    });

    it("withdraws a stream that was cut, joins nothing, and counts what it cost", async () => {
      const { gateway, ledger, charge } = await start([{ text, cutAfter: 4 }, { text: "The whole answer." }]);
      const { answer, signals } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "The whole answer." }]);
      assert.equal(shownText(signals), "The whole answer.");
      assert.ok(signals.some(({ type }) => type === "withdrawn"));
      assert.equal(ledger.entries.length, 2);
      assert.ok((ledger.entries[0]?.usage.input ?? 0) > 0);
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
      // Once with the bound in force; a smaller one shows the same of the others, and sooner.
      const answerBytes = protocol.name === "Claude" ? null : 2 * megabyte;
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
      const { gateway } = gatewayWith({ endpoints, ...(answerBytes === null ? {} : { answerBytes }) });
      const charge = chargeTo(agentWith(protocol.provider(endless.url), { timeout_seconds: 20 }));
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      await endless.close();
      assert.equal(error.code, "provider_failed");
      assert.match(error.message, answerBytes === null ? /longer than 32 MB/ : /longer than 2 MB/);
      assert.ok(sent < (answerBytes ?? 32 * megabyte) + 8 * megabyte, `${sent} bytes were taken`);
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
