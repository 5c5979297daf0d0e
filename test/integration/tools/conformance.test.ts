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
import type { AskUser } from "../../../server/tools/tools-api.ts";
import { limitedFetch } from "../../../server/tools/limited-fetch.ts";
import { logIn } from "../../../server/tools/oauth/log-in.ts";
import { root, startCommand } from "../../support/command.ts";
import { runConformance } from "../../support/conformance.ts";
import { KnownSecrets } from "../../../server/workspace/redact.ts";
import { callNamed, heldSecrets, toolWorkspace } from "../../support/open-tools.ts";
import { anAgent } from "../../support/records.ts";

const Asked = z.object({ scenario: z.string(), context: z.string().optional(), server: z.url() });
type Asked = z.infer<typeof Asked>;

/** Plays a scenario, and returns what was said. */
type Player = (asked: Asked) => Promise<string>;

/** Scenarios that may pass with a warning, and why. */
const mayWarn: Readonly<Record<string, string>> = {
  "auth/basic-cimd": "the product has no page on the web that describes its client",
  "sse-retry": "a busy machine connects again later than the suite wants",
};

/** Scenarios that call a tool, with its input. The others are about the connection. */
const calls: Readonly<Record<string, [tool: string, input: Record<string, number>]>> = {
  tools_call: ["add_numbers", { a: 5, b: 3 }],
  "sse-retry": ["test_reconnection", {}],
  "elicitation-sep1034-client-defaults": ["test_client_elicitation_defaults", {}],
  "auth/scope-step-up": ["test-tool", {}],
};

const Given = z.looseObject({
  client_id: z.string(),
  private_key_pem: z.string().optional(),
  idp_client_id: z.string().optional(),
  idp_issuer: z.string().optional(),
  idp_token_endpoint: z.string().optional(),
});

/** The services that log in may be at any port of this machine: they must be allowed before they are asked. */
const hostsOf = async ({ server, context }: Asked): Promise<string[]> => {
  const { resourceMetadataUrl } = extractWWWAuthenticateParams(await fetch(server, { method: "POST" }));
  const { authorizationServerUrl } = await discoverOAuthServerInfo(server, {
    ...(resourceMetadataUrl && { resourceMetadataUrl }),
    skipIssuerMetadataValidation: true,
  });
  const { idp_issuer } = Given.partial().parse(JSON.parse(context ?? "{}"));
  const addresses = [server, authorizationServerUrl, ...(idp_issuer === undefined ? [] : [idp_issuer])];
  return addresses.map((address) => new URL(address).host);
};

/** What a browser does that a person has logged in with: it follows the pages back to the client. */
const followPages = (page: URL): void => {
  void fetch(page).catch(() => undefined);
};

/** The entry's "oauth" as a user would write it who knows what the suite's service knows. */
const oauthFor = async ({ scenario, context, server }: Asked): Promise<ServerOAuth> => {
  if (scenario === "auth/2025-03-26-oauth-metadata-backcompat")
    return { issuer: new URL("/oauth", server).href };
  if (context === undefined || !registeredScenarios.has(scenario)) return {};
  const { authorizationServerUrl: issuer } = await discoverOAuthServerInfo(server);
  const given = Given.parse(JSON.parse(context));
  const { client_id, private_key_pem, idp_client_id, idp_issuer, idp_token_endpoint } = given;
  const proof = private_key_pem === undefined ? "client_secret" : "private_key";
  const isPerson = scenario === "auth/pre-registration";
  const registered = { client_id, [proof]: "secret:suite", issuer };
  if (idp_issuer !== undefined && idp_client_id !== undefined)
    return {
      ...{ ...registered, grant: "jwt_bearer" },
      identity_provider: {
        ...{ issuer: idp_issuer, client_id: idp_client_id, id_token: "secret:person" },
        // The metadata of the suite's identity provider lack a field that OpenID Connect demands.
        token_endpoint: idp_token_endpoint,
      },
    };
  return { ...registered, ...(!isPerson && { grant: "client_credentials" }) };
};
const registeredScenarios: ReadonlySet<string> = new Set([
  "auth/pre-registration",
  "auth/client-credentials-basic",
  "auth/client-credentials-jwt",
  "auth/cross-app-access-complete-flow",
]);

/** The secret or the key of the client, and the ID token of a person, which the suite gives. */
const secretsFor = ({ context }: Asked): Record<string, string> => {
  const given = z
    .object({
      client_secret: z.string().default(""),
      private_key_pem: z.string().optional(),
      idp_id_token: z.string().default(""),
    })
    .parse(JSON.parse(context ?? "{}"));
  return {
    "secret:suite": given.private_key_pem ?? given.client_secret,
    "secret:person": given.idp_id_token,
  };
};

/** The same login by the command line, in a folder of the user's own; what it printed. */
const logInByCommand = async (asked: Asked): Promise<string> => {
  const { server } = asked;
  const files = toolWorkspace();
  const folder = join(files.folder, "user");
  const environment = { XDG_CONFIG_HOME: folder, CODITECT_PASSPHRASE: "a passphrase" };
  const coditect = (...args: string[]) => startCommand(args, { environment });
  try {
    files.writeServers({ suite: { url: server, headers: {}, oauth: {} } });
    const allowed = JSON.stringify(await hostsOf(asked));
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

/** A user who leaves a form as it is. */
const acceptDefaults: AskUser = () => Promise.resolve({ action: "accept", values: {} });

/** Does what a scenario asks for with the gateway that agents use, and logs in when that asks for it. */
const playInProcess: Player = async (asked): Promise<string> => {
  const { scenario, server } = asked;
  const files = toolWorkspace();
  const needsLogin = scenario.startsWith("auth/");
  const allowed = needsLogin ? await hostsOf(asked) : [new URL(server).host];
  const environment = {};
  const secrets = heldSecrets();
  for (const [name, value] of Object.entries(secretsFor(asked))) await secrets.setText(name, value);
  const checked = createCheckedFetch(() => allowed);
  const config = { url: server, headers: {}, oauth: await oauthFor(asked) };
  try {
    files.writeServers({ suite: needsLogin ? config : { url: server, headers: {} } });
    const [tool, input] = calls[scenario] ?? [null, {}];
    const use = async (): Promise<string> => {
      const tools = files.open({ allowed, environment, secrets });
      const offers = await tools.offers(anAgent(), null);
      if (tool === null) return offers.length === 0 ? files.warnings.join("\n") : "";
      return offers.length === 0
        ? files.warnings.join("\n")
        : (await callNamed(tools, anAgent(), `suite__${tool}`, input, undefined, acceptDefaults)).content;
    };
    let said = await use();
    for (let logins = 0; said.includes("asks you to log in") && logins < MOST_LOGINS; logins += 1) {
      const signal = AbortSignal.timeout(60_000);
      const fetch = limitedFetch(checked);
      const places = { secrets, environment, known: new KnownSecrets(environment) };
      await logIn({ server: "suite", config, ...places, fetch, show: followPages, signal });
      said = await use();
    }
    return said;
  } finally {
    await files.remove();
    await checked.close();
  }
};

describe("the MCP client and the protocol's conformance suite", () => {
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

  it("passes all scenarios of the suite", async () => {
    const { passed, warned, failed, report } = await run(playInProcess, "--suite", "all");
    assert.deepEqual(failed, [], report);
    assert.equal(passed.length, 26, report);
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
