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
});
