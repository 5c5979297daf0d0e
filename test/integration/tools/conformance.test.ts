import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { discoverOAuthServerInfo, extractWWWAuthenticateParams } from "@modelcontextprotocol/client";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import type { ServerOAuth } from "../../../schemas/mcp.ts";
import { createCheckedFetch } from "../../../server/tools/checked-fetch.ts";
import { limitedFetch } from "../../../server/tools/limited-fetch.ts";
import { logIn } from "../../../server/tools/oauth/log-in.ts";
import { root, startCommand } from "../../support/command.ts";
import { runConformance } from "../../support/conformance.ts";
import { callAny, heldSecrets, toolWorkspace } from "../../support/open-tools.ts";
import { anAgent } from "../../support/records.ts";

const Asked = z.object({ scenario: z.string(), context: z.string().optional(), server: z.url() });
type Asked = z.infer<typeof Asked>;

/** Plays a scenario, and returns what was said. */
type Player = (asked: Asked) => Promise<string>;

/** Scenarios about what the client does not offer, and why. */
const notOffered: Readonly<Record<string, string>> = {
  "auth/2025-03-26-oauth-metadata-backcompat":
    "the metadata names another issuer, and a client of protocol 2026-07-28 must not accept that",
  "auth/client-credentials-basic": "a login without a person",
  "auth/client-credentials-jwt": "a login without a person",
  "auth/cross-app-access-complete-flow": "a login with another application's",
  "elicitation-sep1034-client-defaults": "nobody is asked for a form during a run",
};

/** Scenarios that may pass with a warning, and why. */
const mayWarn: Readonly<Record<string, string>> = {
  "auth/basic-cimd": "the product has no page on the web that describes its client",
  "sse-retry": "a busy machine connects again later than the suite wants",
};

/** Scenarios that call a tool, with its input. The others are about the connection. */
const calls: Readonly<Record<string, [tool: string, input: Record<string, number>]>> = {
  tools_call: ["add_numbers", { a: 5, b: 3 }],
  "sse-retry": ["test_reconnection", {}],
  "auth/scope-step-up": ["test-tool", {}],
};

/** The service that logs in may be at any port of this machine: it must be allowed before it is asked. */
const hostsOf = async (server: string): Promise<string[]> => {
  const { resourceMetadataUrl } = extractWWWAuthenticateParams(await fetch(server, { method: "POST" }));
  const { authorizationServerUrl } = await discoverOAuthServerInfo(
    server,
    resourceMetadataUrl && { resourceMetadataUrl },
  );
  return [new URL(server).host, new URL(authorizationServerUrl).host];
};

/** What a browser does that a person has logged in with: it follows the pages back to the client. */
const followPages = (page: URL): void => {
  void fetch(page).catch(() => undefined);
};

/** The client that the suite's service knows already, where it says so. */
const registered = async ({ scenario, context, server }: Asked): Promise<Partial<ServerOAuth>> => {
  if (scenario !== "auth/pre-registration" || context === undefined) return {};
  const { authorizationServerUrl } = await discoverOAuthServerInfo(server);
  const { client_id } = z.object({ client_id: z.string() }).parse(JSON.parse(context));
  return { client_id, client_secret: "secret:suite", issuer: authorizationServerUrl };
};

/** The same login by the command line, in a folder of the user's own; what it printed. */
const logInByCommand = async ({ server }: Asked): Promise<string> => {
  const files = toolWorkspace();
  const folder = join(files.folder, "user");
  const environment = { XDG_CONFIG_HOME: folder, CODITECT_PASSPHRASE: "a passphrase" };
  const coditect = (...args: string[]) => startCommand(args, { environment });
  try {
    files.writeServers({ suite: { url: server, headers: {}, oauth: {} } });
    const allowed = JSON.stringify(await hostsOf(server));
    await coditect("settings", "set", "allowed_hosts", allowed, "--workspace", files.folder).result;
    const { child, result } = coditect("mcp", "login", "suite", "--workspace", files.folder);
    child.stderr?.on("data", (said: Buffer) => {
      const [page] = /http:\S+authorize\S+/.exec(said.toString()) ?? [];
      if (page !== undefined) followPages(new URL(page));
    });
    const { stdout, stderr } = await result;
    const stored = await coditect("credentials", "list").result;
    return `${stdout}${stderr}${stored.stdout}`;
  } finally {
    await files.remove();
  }
};

const MOST_LOGINS = 3;

/** Does what a scenario asks for with the gateway that agents use, and logs in when that asks for it. */
const playInProcess: Player = async (asked): Promise<string> => {
  const { scenario, server } = asked;
  const files = toolWorkspace();
  const needsLogin = scenario.startsWith("auth/");
  const allowed = needsLogin ? await hostsOf(server) : [new URL(server).host];
  const environment = { CODITECT_SECRET_SUITE: "pre-registered-secret" };
  const secrets = heldSecrets();
  const checked = createCheckedFetch(() => allowed);
  const config = { url: server, headers: {}, oauth: await registered(asked) };
  try {
    files.writeServers({ suite: needsLogin ? config : { url: server, headers: {} } });
    const [tool, input] = calls[scenario] ?? [null, {}];
    const use = async (): Promise<string> => {
      const tools = files.open({ allowed, environment, secrets });
      const offers = await tools.offers(anAgent(), null);
      if (tool === null) return offers.length === 0 ? files.warnings.join("\n") : "";
      return offers.length === 0
        ? files.warnings.join("\n")
        : (await callAny(tools, `suite__${tool}`, input)).content;
    };
    let said = await use();
    for (let logins = 0; said.includes("asks you to log in") && logins < MOST_LOGINS; logins += 1) {
      const signal = AbortSignal.timeout(10_000);
      const fetch = limitedFetch(checked);
      await logIn({ server: "suite", config, secrets, environment, fetch, show: followPages, signal });
      said = await use();
    }
    return said;
  } finally {
    await files.remove();
    await checked.close();
  }
};

describe("the MCP client and the protocol's conformance suite", function () {
  this.timeout(60_000);
  let server: Server;
  let play: Player;
  let said: string;

  before(async () => {
    server = createServer((request, response) => {
      void json(request)
        .then((asked) => play(Asked.parse(asked)))
        .then(
          (text) => {
            said = text;
            response.end(text);
          },
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Runs scenarios of the suite, which the player plays. */
  const run = (player: Player, ...which: string[]): ReturnType<typeof runConformance> => {
    play = player;
    const { port } = server.address() as AddressInfo;
    const client = join(root, "test/fixtures/conformance/client.mjs");
    return runConformance([
      "client",
      "--command",
      `${process.execPath} ${client} http://127.0.0.1:${port}`,
      ...which,
    ]);
  };

  it("passes all scenarios of the protocol that the product has", async () => {
    const { passed, warned, failed, report } = await run(playInProcess, "--suite", "all");
    assert.deepEqual(failed, Object.keys(notOffered), report);
    assert.equal(passed.length, 21, report);
    assert.deepEqual(
      warned.filter((name) => mayWarn[name] === undefined),
      [],
      report,
    );
  });

  it("logs in with the command line, which shows no token", async () => {
    await run(logInByCommand, "--scenario", "auth/metadata-default", "--timeout", "60000");
    assert.match(said, /You are logged in to suite\. The tokens are stored\./);
    assert.match(said, /^mcp:http:\/\/localhost:\d+\/mcp +login +since \d{4}-\d\d-\d\d$/m);
    assert.doesNotMatch(said, /test-token/);
  });
});
