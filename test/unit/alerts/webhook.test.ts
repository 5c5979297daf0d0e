import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Settings } from "../../../schemas/settings.ts";
import { AlertWebhook } from "../../../server/alerts/webhook.ts";
import { raiseAlert } from "../../../server/models/alert.ts";
import { NOW, TENANT } from "../../support/records.ts";

const alert = raiseAlert(
  { alert: "cost_threshold", severity: "critical", subject: "cost_per_day", message: "It costs." },
  { alert_id: "00000000-0000-4000-8000-00000000000a", tenant_id: TENANT, day: NOW.slice(0, 10) },
  NOW,
);

describe("the webhook of alerts", () => {
  let server: Server;
  let statuses: number[];
  let bodies: unknown[];
  beforeEach(async () => {
    statuses = [];
    bodies = [];
    server = createServer((request, response) => {
      void text(request).then((body) => {
        bodies.push(JSON.parse(body));
        response.writeHead(statuses.shift() ?? 204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  /** A webhook there, and what it logs. */
  const openWebhook = (allowsHost: boolean) => {
    // A server that listens on a port has such an address.
    const { port } = server.address() as AddressInfo;
    const logged: string[] = [];
    const webhook = new AlertWebhook({
      workspace: "/home/someone/shop",
      settings: Settings.parse({
        allowed_hosts: allowsHost ? [`127.0.0.1:${port}`] : [],
        alerts: { webhook: `http://127.0.0.1:${port}/hook?token=secret` },
      }),
      log: (level, message, data) => logged.push(`${level} ${message} ${JSON.stringify(data)}`),
    });
    return { webhook, logged };
  };
  /** Sends the alert there; gives back what was logged. */
  const deliver = async (allowsHost: boolean): Promise<string[]> => {
    const { webhook, logged } = openWebhook(allowsHost);
    await webhook.deliver(alert);
    await webhook.close();
    return logged;
  };

  it("gets the alert and the name of the workspace, without its path", async () => {
    assert.deepEqual(await deliver(true), []);
    assert.deepEqual(bodies, [{ workspace: "shop", alert }]);
  });

  it("is asked again while it is out of order", async () => {
    statuses = [503, 204];
    assert.deepEqual(await deliver(true), []);
    assert.equal(bodies.length, 2);
  });

  it("that does not answer is given up when the runtime ends", async () => {
    const asked = Promise.withResolvers<undefined>();
    server.removeAllListeners("request");
    server.on("request", () => {
      asked.resolve(undefined);
    });
    const { webhook, logged } = openWebhook(true);
    const delivery = webhook.deliver(alert);
    await asked.promise;
    await webhook.close();
    await delivery;
    assert.equal(logged.length, 1);
  });

  it("is not asked again after it refused, and what it said is logged without its address", async () => {
    statuses = [400, 204];
    const [line = ""] = await deliver(true);
    assert.equal(bodies.length, 1);
    assert.match(line, /it answered 400/);
    assert.doesNotMatch(line, /secret/);
  });

  it("is followed to its new address, but only to hosts that the user has listed", async () => {
    const moved = createServer((request, response) => {
      void text(request).then((body) => {
        bodies.push(body);
        response.end();
      });
    });
    await new Promise<void>((resolve) => moved.listen(0, "127.0.0.1", resolve));
    // A server that listens on a port has such an address.
    const { port } = moved.address() as AddressInfo;
    server.removeAllListeners("request");
    server.on("request", (request, response) => {
      request.resume();
      response.writeHead(307, { location: `http://127.0.0.1:${port}/moved` }).end();
    });
    const [line = ""] = await deliver(true);
    assert.match(line, /warn an alert could not be sent/);
    assert.deepEqual(bodies, []);
    server.removeAllListeners("request");
    server.on("request", (request, response) => {
      if (request.url === "/here") {
        void text(request).then((body) => {
          bodies.push(JSON.parse(body));
          response.end();
        });
        return;
      }
      request.resume();
      response.writeHead(307, { location: "/here" }).end();
    });
    assert.deepEqual(await deliver(true), []);
    assert.deepEqual(bodies, [{ workspace: "shop", alert }]);
    await new Promise((resolve) => moved.close(resolve));
  });

  it("gets nothing on a private host that the user has not listed", async () => {
    const [line = ""] = await deliver(false);
    assert.match(line, /warn an alert could not be sent/);
    assert.deepEqual(bodies, []);
  });
});
