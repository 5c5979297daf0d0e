import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Driver } from "../../../server/instances/drivers/driver.ts";
import { pools } from "./conformance.ts";
import { command, never } from "./pool-harness.ts";

const LARGE = 3 * 1024 ** 2;
const MANY = 10;

/** Reads through the proxy as many times at once, and prints what came: status and length of each. */
const read = (url: string, times = 1): string =>
  `node -e 'const o={host:"127.0.0.1",port:3128,path:"${url}",agent:false};
    for(let i=0;i<${times};i++)require("http").get(o,r=>{let n=0;r.on("data",d=>n+=d.length)
    .on("end",()=>console.log(r.statusCode,n))}).on("error",e=>console.log(e.code))'`;

/** What commands of an instance can reach, whatever it runs on: the driver starts the real worker. */
export const wayOut = (driver: () => Driver): void => {
  const start = pools(driver);
  const server = createServer((request, response) => {
    response.end(request.url === "/large" ? Buffer.alloc(LARGE, 1) : "reached");
  });
  let port = 0;
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // A server that listens on a port has an address of this form.
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const claim = async () => {
    const pool = await start({ settings: { allowed_hosts: [{ host: "127.0.0.1", port }] } });
    const instance = await pool.claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    return { pool, instance };
  };

  it("lets commands reach what is listed and nothing else, on record", async () => {
    const { pool, instance } = await claim();
    const open = await instance.call("tests/run", command(read(`http://127.0.0.1:${port}/`)), never);
    assert.equal(open.output, "200 7\n");
    const closed = await instance.call("tests/run", command(read("http://127.0.0.1:1/")), never);
    assert.match(closed.output, /^403 /);
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

  it("carries many large answers at once, each whole", async () => {
    const { instance } = await claim();
    const line = read(`http://127.0.0.1:${port}/large`, MANY);
    const { output } = await instance.call("tests/run", command(line), never);
    assert.equal(output, `200 ${LARGE}\n`.repeat(MANY));
  });
};
