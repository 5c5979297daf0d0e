import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, it } from "mocha";
import { listen, refuseMalformed } from "../../../../server/surfaces/rest/listening.ts";

describe("bytes that are no request", () => {
  it("are answered, and a client that does not close its connection does not keep it", async () => {
    const server = createServer();
    refuseMalformed(server, 100);
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const port = await listen(server, 0, "127.0.0.1");
    const client = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    client.write("hello\r\n\r\n");
    const [connection] = await accepted;
    const closed = once(connection, "close");
    assert.match(await text(client), /^HTTP\/1\.1 400 /);
    await closed;
    client.destroy();
    server.close();
  });

  it("end a connection with a stream of events, and write nothing into the stream", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    refuseMalformed(server);
    const port = await listen(server, 0, "127.0.0.1");
    const client = connect({ host: "127.0.0.1", port });
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const received: Buffer[] = [];
    client.on("data", (chunk: Buffer) => {
      // The second time, the server has already ended the connection.
      if (received.push(chunk) === 1) client.write("hello\r\n\r\n");
    });
    // The bytes that the server did not read can reset the connection.
    client.on("error", () => undefined);
    await once(client, "close");
    const said = Buffer.concat(received).toString();
    assert.match(said, /^HTTP\/1\.1 200 [\s\S]*data: 1\n\n/);
    assert.doesNotMatch(said, /400/);
    server.close();
  });

  it("are answered after the answer to an earlier request is complete", async () => {
    const server = createServer((_request, response) => response.end("fine"));
    refuseMalformed(server);
    const port = await listen(server, 0, "127.0.0.1");
    const client = connect({ host: "127.0.0.1", port });
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    client.once("data", () => client.write("hello\r\n\r\n"));
    assert.match(await text(client), /^HTTP\/1\.1 200 [\s\S]*fine[\s\S]*HTTP\/1\.1 400 /);
    server.close();
  });

  it("are answered in the body of a request that has no answer yet", async () => {
    const server = createServer((request, response) => {
      request.on("error", () => undefined);
      request.resume().on("end", () => response.end("fine"));
    });
    refuseMalformed(server);
    const port = await listen(server, 0, "127.0.0.1");
    const client = connect({ host: "127.0.0.1", port });
    client.write("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n");
    assert.match(await text(client), /^HTTP\/1\.1 400 /);
    server.close();
  });
});
