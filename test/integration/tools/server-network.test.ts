import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { probeSandbox } from "../../../server/instances/drivers/local/confinement.ts";
import { ServerSandbox } from "../../../server/tools/server-sandbox.ts";
import { root } from "../../support/command.ts";
import { callAny, type ToolWorkspace, toolWorkspace } from "../../support/open-tools.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const sandbox = await probeSandbox();
const refused = /The MCP server it cannot reach 127\.0\.0\.1:\d+: it is not on the list/;
const missing = "unavailable" in sandbox ? sandbox.unavailable : null;

describe("the network of an MCP server in the sandbox", function () {
  skipUnlessNull(this, missing);
  let files: ToolWorkspace;
  let web: Server;
  let host: string;

  before(async () => {
    web = createServer((request, response) => response.end(`you asked for ${request.url}`));
    web.listen(0, "127.0.0.1");
    await once(web, "listening");
    host = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  });
  after(() => {
    web.closeAllConnections();
    web.close();
  });
  beforeEach(() => {
    files = toolWorkspace();
  });
  afterEach(() => files.remove());

  /** Lets the server get a page. `listed`: the hosts of its entry. `allowed`: those of the user's setting. */
  const get = async (listed: string[] | undefined, allowed: string[]): Promise<string> => {
    files.writeServers({
      it: {
        command: process.execPath,
        args: [join(root, "test/fixtures/mcp/fetching-server.mjs")],
        // Programs go past a proxy to this machine, which is another one in the sandbox.
        env: { NO_PROXY: "", no_proxy: "" },
        sandbox: "on",
        ...(listed !== undefined && { allowed_hosts: listed }),
      },
    });
    return (await callAny(files.open({ allowed }), "it__get", { url: `http://${host}/page` })).content;
  };

  it("is closed unless its entry lists hosts", async () => {
    assert.match(await get(undefined, [host]), /^fetch failed/);
  });

  it("leads to the hosts of its entry", async () => {
    assert.equal(await get([host], [host]), "200 you asked for /page");
  });

  it("leads to no other host, and the log says which was refused", async () => {
    assert.match(await get(["example.com"], [host]), /^fetch failed/);
    assert.match(files.warnings.join("\n"), refused);
  });

  it("leads through the same proxy when the program starts again", async () => {
    const confined = new ServerSandbox({
      workspace: files.folder,
      scratchFolder: join(files.folder, ".scratch"),
      unconfined: () => "refuse",
      mayLeaveSandbox: false,
      settings: { allowed_hosts: [] },
      log: () => undefined,
    });
    const proxyOf = async (name: string, listed: string[]): Promise<string[]> => {
      const entry = { command: process.execPath, args: [], env: {}, allowed_hosts: listed };
      const { env } = await confined.command({ ...entry, sandbox: "on" }, {}, name);
      return [env.CODITECT_EGRESS ?? "", env.CODITECT_PROXY ?? ""];
    };
    try {
      const first = await proxyOf("one", ["example.com"]);
      assert.deepEqual(await proxyOf("one", ["example.com"]), first);
      assert.notDeepEqual(await proxyOf("other", ["example.com"]), first);
      assert.notDeepEqual(await proxyOf("one", ["example.org"]), first);
    } finally {
      await confined.close();
    }
  });

  it("leads to no private address that only its entry lists", async () => {
    assert.match(await get([host], []), /^fetch failed/);
    assert.match(files.warnings.join("\n"), refused);
  });
});
