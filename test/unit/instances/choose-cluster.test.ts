import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { chooseCluster } from "../../../server/instances/drivers/kubernetes/choose.ts";
import { Cluster } from "../../../server/instances/drivers/kubernetes/cluster.ts";
import { Settings } from "../../../schemas/settings.ts";

describe("the choice among clusters", () => {
  const servers: Server[] = [];
  const addresses = new Map<string, string>();
  /** An API server that answers when it is let; `answered`: called when it has. */
  const serve = async (
    context: string,
    answer: Promise<unknown>,
    answered: (value: unknown) => void = () => undefined,
  ): Promise<void> => {
    const server = createServer((_request, response) => {
      response.once("finish", answered);
      void answer.then(() => response.end("{}"));
    }).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    // A server that listens on a port has an address of this form.
    addresses.set(context, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  };
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  const choose = async (kubernetes: Partial<Settings["kubernetes"]>): Promise<string | undefined> => {
    const settings = Settings.parse({ kubernetes }).kubernetes;
    const cluster = await chooseCluster(settings, ({ context, namespace }) => {
      const config = new KubeConfig();
      // Nobody listens on port 1.
      const server = addresses.get(context ?? "") ?? "http://127.0.0.1:1";
      config.loadFromClusterAndUser({ name: "test", server, skipTLSVerify: true }, { name: "user" });
      return Promise.resolve(new Cluster(config, namespace));
    });
    return [...addresses].find(([, address]) => new URL(address).host === cluster.host)?.[0];
  };

  it("is the first that answers, or the one that answers soonest", async () => {
    const { promise: nearAnswered, resolve } = Promise.withResolvers<unknown>();
    await serve("far", nearAnswered);
    await serve("near", Promise.resolve(), resolve);
    assert.equal(await choose({ contexts: ["far", "near"], choose_by: "latency" }), "near");
    assert.equal(await choose({ contexts: ["far", "near"], choose_by: "order" }), "far");
    assert.equal(await choose({ contexts: ["away", "near"], choose_by: "order" }), "near");
  });

  it("asks nobody where there is only one", async () => {
    await serve("silent", new Promise(() => undefined));
    assert.equal(await choose({ contexts: ["silent"] }), "silent");
  });

  it("names the contexts when none answers", async () => {
    await assert.rejects(choose({ contexts: ["away", "gone"] }), {
      code: "cluster_unavailable",
      message: /away, gone/,
    });
  });
});
