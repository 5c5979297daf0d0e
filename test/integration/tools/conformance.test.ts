import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import { root } from "../../support/command.ts";
import { runConformance } from "../../support/conformance.ts";
import { callAny, toolWorkspace } from "../../support/open-tools.ts";

const Asked = z.object({ scenario: z.string(), context: z.string().optional(), server: z.url() });

const passing = ["auth/resource-mismatch", "initialize", "sse-retry", "tools_call"];

/** Scenarios about what the client does not offer: logins and questions of a server. */
const notOffered = /^(auth\/|elicitation-)/;

/** Scenarios that call a tool, and its input. The others are about the connection. */
const inputs: Readonly<Record<string, Record<string, number>>> = {
  tools_call: { a: 5, b: 3 },
  "sse-retry": {},
};
const toolOf: Readonly<Record<string, string>> = {
  tools_call: "add_numbers",
  "sse-retry": "test_reconnection",
};

/** Does what a scenario asks for with the gateway that agents use. */
const play = async ({ scenario, server }: z.infer<typeof Asked>): Promise<string> => {
  const files = toolWorkspace();
  try {
    files.writeServers({ suite: { url: server, headers: {} } });
    const tools = files.open({ allowed: [new URL(server).host] });
    const tool = toolOf[scenario];
    if (tool === undefined) await callAny(tools, "read_result", { id: "" }).catch(() => undefined);
    else await callAny(tools, `suite__${tool}`, inputs[scenario] ?? {});
    return files.warnings.join("\n");
  } finally {
    await files.remove();
  }
};

describe("the MCP client and the protocol's conformance suite", function () {
  this.timeout(60_000);
  let player: Server;

  before(async () => {
    player = createServer((request, response) => {
      void json(request)
        .then((asked) => play(Asked.parse(asked)))
        .then(
          (said) => response.end(said),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
    }).listen(0, "127.0.0.1");
    await once(player, "listening");
  });
  after(() => {
    player.closeAllConnections();
    player.close();
  });

  it("passes all scenarios of the protocol that the product has", async () => {
    const { port } = player.address() as AddressInfo;
    const client = join(root, "test/fixtures/conformance/client.mjs");
    const command = `${process.execPath} ${client} http://127.0.0.1:${port}`;
    const { passed, failed, report } = await runConformance([
      ...["client", "--command", command, "--suite", "all"],
    ]);
    assert.deepEqual(passed, passing, report);
    assert.deepEqual(
      failed.filter((name) => !notOffered.test(name)),
      [],
      report,
    );
  });
});
