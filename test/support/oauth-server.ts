import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json, text } from "node:stream/consumers";
import { z } from "zod";

/** An MCP server with one tool behind a login, and the service that logs people in, over HTTP. */
export interface OAuthServer {
  /** Of the MCP server. */
  url: string;
  host: string;
  /** The action of the person on the page; left out if they log in. */
  person: { refuses: boolean };
  /** Whether a refresh token can be used once only. If not, the answer to it has no other one, as with many services. */
  rotation: { isOn: boolean };
  /** The grants that the service gave or refused, such as `authorization_code` and `refresh_token refused`. */
  grants: string[];
  /** From now on, the service refuses its earlier access tokens, and with `all` also its refresh tokens. */
  expire(all?: boolean): void;
  close(): void;
}

const Registration = z.looseObject({ redirect_uris: z.array(z.url()) });
const Message = z.looseObject({ id: z.number().optional(), method: z.string() });

const results: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "behind a login", version: "1" },
  },
  "tools/list": { tools: [{ name: "act", inputSchema: { type: "object" } }] },
  "tools/call": { content: [{ type: "text", text: "did it" }] },
};

const answer = (response: ServerResponse, status: number, body: object, headers = {}): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
};

interface Asked {
  client: string;
  redirect: string;
  challenge: string;
}

export const startOAuthServer = async (): Promise<OAuthServer> => {
  const clients = new Map<string, readonly string[]>();
  const codes = new Map<string, Asked>();
  const valid = { access: new Set<string>(), refresh: new Set<string>() };
  const grants: string[] = [];
  const person = { refuses: false };
  const rotation = { isOn: true };

  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const given = (name: string): string => query.get(name) ?? "";
    const [client, redirect] = [given("client_id"), given("redirect_uri")];
    const isProper = given("response_type") === "code" && given("code_challenge_method") === "S256";
    if (clients.get(client)?.includes(redirect) !== true || !isProper) {
      answer(response, 400, { error: "invalid_request" });
      return;
    }
    const page = new URL(redirect);
    page.searchParams.set("state", given("state"));
    if (person.refuses) page.searchParams.set("error", "access_denied");
    else {
      const code = randomUUID();
      codes.set(code, { client, redirect, challenge: given("code_challenge") });
      page.searchParams.set("code", code);
    }
    response.writeHead(302, { location: page.href }).end();
  };

  const mayHave = (form: URLSearchParams): boolean => {
    const given = (name: string): string => form.get(name) ?? "";
    if (given("grant_type") === "refresh_token")
      return rotation.isOn
        ? valid.refresh.delete(given("refresh_token"))
        : valid.refresh.has(given("refresh_token"));
    const asked = codes.get(given("code"));
    codes.delete(given("code"));
    const challenge = createHash("sha256").update(given("code_verifier")).digest("base64url");
    const { client, redirect } = asked ?? {};
    const isSame = client === given("client_id") && redirect === given("redirect_uri");
    return isSame && asked?.challenge === challenge;
  };
  const token = (form: URLSearchParams, response: ServerResponse): void => {
    const grant = form.get("grant_type") ?? "";
    const isGiven = mayHave(form);
    grants.push(isGiven ? grant : `${grant} refused`);
    if (!isGiven) {
      answer(response, 400, { error: "invalid_grant" });
      return;
    }
    const [access_token, refresh_token] = [`access-${randomUUID()}`, `refresh-${randomUUID()}`];
    const isNew = rotation.isOn || grant !== "refresh_token";
    valid.access.add(access_token);
    if (isNew) valid.refresh.add(refresh_token);
    answer(response, 200, {
      ...{ access_token, token_type: "Bearer", expires_in: 3600 },
      ...(isNew && { refresh_token }),
    });
  };

  const serve = async (request: IncomingMessage, response: ServerResponse, base: string): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", base);
    const metadata = `${base}/.well-known/oauth-protected-resource/mcp`;
    if (pathname === new URL(metadata).pathname)
      answer(response, 200, { resource: `${base}/mcp`, authorization_servers: [base] });
    else if (pathname === "/.well-known/oauth-authorization-server")
      answer(response, 200, {
        issuer: base,
        authorization_endpoint: `${base}/authorize`,
        token_endpoint: `${base}/token`,
        registration_endpoint: `${base}/register`,
        response_types_supported: ["code"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
      });
    else if (pathname === "/register") {
      const asked = Registration.parse(await json(request));
      const client_id = randomUUID();
      clients.set(client_id, asked.redirect_uris);
      answer(response, 201, { ...asked, client_id });
    } else if (pathname === "/authorize") authorize(searchParams, response);
    else if (pathname === "/token") token(new URLSearchParams(await text(request)), response);
    else if (pathname !== "/mcp") answer(response, 404, {});
    else if (!valid.access.has(request.headers.authorization?.replace("Bearer ", "") ?? ""))
      answer(response, 401, {}, { "www-authenticate": `Bearer resource_metadata="${metadata}"` });
    else if (request.method !== "POST") response.writeHead(405).end();
    else {
      const { id, method } = Message.parse(await json(request));
      if (id === undefined) response.writeHead(202).end();
      else answer(response, 200, { jsonrpc: "2.0", id, result: results[method] ?? {} });
    }
  };

  const server = createServer((request, response) => {
    serve(request, response, base).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const base = `http://${host}`;
  return {
    ...{ url: `${base}/mcp`, host, person, rotation, grants },
    expire: (all = false) => {
      valid.access.clear();
      if (all) valid.refresh.clear();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
