import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { CompanyLogin } from "../../../server/tools/oauth/company-login.ts";
import { KnownSecrets } from "../../../server/workspace/redact.ts";

const SERVICE = "https://login.tracker.example";
const PROVIDER = "https://id.company.example";
const RESOURCE = "https://tracker.example/mcp";

const endpoints = (at: string) => ({
  ...{ issuer: at, authorization_endpoint: `${at}/authorize`, token_endpoint: `${at}/token` },
  response_types_supported: ["code"],
});

/** A login whose identity provider answers `answer` to an exchange, and names `issuer` in its metadata. */
const open = (answer: Response, issuer = PROVIDER) => {
  const forms: URLSearchParams[] = [];
  const known = new KnownSecrets({});
  const stored: Record<string, string> = {
    "secret:person": "the-id-token\n",
    "secret:tracker": "own-secret",
  };
  const identity_provider = { issuer: PROVIDER, client_id: "at-the-company", id_token: "secret:person" };
  const oauth = {
    ...{ grant: "jwt_bearer" as const, client_id: "at-the-service", client_secret: "secret:tracker" },
    ...{ issuer: SERVICE, identity_provider },
  };
  const login = new CompanyLogin(
    {
      ...{ server: "tracker", config: { url: RESOURCE, headers: {}, oauth }, environment: {}, known },
      secrets: { text: (name) => Promise.resolve(stored[name] ?? null), setText: () => Promise.resolve() },
    },
    (_input, init) => {
      if (init?.method !== "POST") return Promise.resolve(Response.json(endpoints(issuer)));
      assert.ok(typeof init.body === "string");
      forms.push(new URLSearchParams(init.body));
      return Promise.resolve(answer);
    },
  );
  return { login, forms, known };
};

const found = {
  authorizationServerUrl: `${SERVICE}/`,
  authorizationServerMetadata: endpoints(SERVICE),
  resourceMetadata: { resource: RESOURCE, authorization_servers: [SERVICE] },
};
const granted = () =>
  Response.json({
    access_token: "the-grant",
    issued_token_type: "urn:ietf:params:oauth:token-type:id-jag",
    token_type: "N_A",
  });

describe("a login to an MCP server through the identity provider of a company", () => {
  it("exchanges the ID token for a grant to this service and server, and the grant for tokens", async () => {
    const { login, forms, known } = open(granted());
    login.saveDiscoveryState(found);
    login.saveResourceUrl(RESOURCE);
    const request = await login.prepareTokenRequest("read");
    assert.deepEqual(Object.fromEntries(request), {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: "the-grant",
      scope: "read",
    });
    const [form = assert.fail("the identity provider was not asked")] = forms;
    assert.deepEqual(Object.fromEntries(form), {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: "urn:ietf:params:oauth:token-type:id-jag",
      ...{ audience: SERVICE, resource: RESOURCE, client_id: "at-the-company", scope: "read" },
      ...{ subject_token: "the-id-token", subject_token_type: "urn:ietf:params:oauth:token-type:id_token" },
    });
    assert.ok(known.values.includes("the-id-token"));
    const client = await login.clientInformation();
    assert.equal(client?.client_id, "at-the-service");
    assert.equal(client.client_secret, "own-secret");
  });

  it("fails with the words of the identity provider if that gives no grant", async () => {
    const { login } = open(Response.json({ error: "access_denied" }, { status: 403 }));
    login.saveDiscoveryState(found);
    login.saveResourceUrl(RESOURCE);
    await assert.rejects(login.prepareTokenRequest(), {
      code: "login_failed",
      message: /identity provider https:\/\/id\.company\.example gave no grant: .*access_denied/,
    });
  });

  it("sends the ID token to no provider whose metadata name another issuer", async () => {
    const { login, forms } = open(granted(), "https://evil.example");
    login.saveDiscoveryState(found);
    login.saveResourceUrl(RESOURCE);
    await assert.rejects(login.prepareTokenRequest(), { code: "login_failed" });
    assert.deepEqual(forms, []);
  });

  it("asks no provider before the service and the server are known", async () => {
    const { login, forms } = open(granted());
    await assert.rejects(login.prepareTokenRequest(), { code: "login_failed" });
    assert.deepEqual(forms, []);
  });
});
