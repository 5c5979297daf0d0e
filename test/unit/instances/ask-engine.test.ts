import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Dockerode from "dockerode";
import { afterEach, beforeEach, describe, it } from "mocha";
import { askEngine } from "../../../server/instances/drivers/docker/ask-engine.ts";
import { engineError } from "../../../server/instances/drivers/docker/engine.ts";
import { IMAGE_RECIPE, recipeOf } from "../../../server/instances/drivers/docker/image-label.ts";

const never = new AbortController().signal;

/** Handles requests for images as an engine does; one with the name `hang` gets no answer. */
const answer = (url: string, response: ServerResponse): void => {
  const labels: Readonly<Record<string, object>> = {
    "/images/ours:1/json": { "coditect.image": IMAGE_RECIPE },
    "/images/older:1/json": { "coditect.image": "1" },
    "/images/registry.example.com:5000/of/another:1/json": {},
  };
  const found = labels[url];
  if (url.includes("hang")) return;
  response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(
    JSON.stringify(found === undefined ? { message: "No such image" } : { Config: { Labels: found } }),
  );
};

describe("a question to a container engine", () => {
  let server: Server;
  let client: Dockerode;
  let closed: Promise<unknown>;
  beforeEach(async () => {
    server = createServer((request, response) => {
      closed = once(response, "close");
      answer(request.url ?? "", response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    client = new Dockerode({
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
      protocol: "http",
    });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const recipe = (image: string) =>
    recipeOf({ client, isLocal: true, isPodman: false, region: "local" }, image, never);

  it("finds how an image was built", async () => {
    assert.equal(await recipe("ours:1"), IMAGE_RECIPE);
    assert.equal(await recipe("registry.example.com:5000/of/another:1"), undefined);
    assert.equal(await recipe("missing:1"), null);
    await assert.rejects(recipe("older:1"), { code: "image_outdated" });
  });

  it("ends if no answer comes in time, and ends the request", async () => {
    const error: unknown = await askEngine(client, "/images/hang/json", never, 200).catch(
      (reason: unknown) => reason,
    );
    const { code, message } = engineError(error, "hang");
    assert.equal(code, "engine_unavailable");
    assert.match(message, /its host does not answer/);
    await closed;
  });

  it("ends at once when it is cancelled", async () => {
    const cancel = new AbortController();
    const asked = askEngine(client, "/images/hang/json", cancel.signal);
    cancel.abort();
    await assert.rejects(asked, { name: "AbortError" });
  });
});
