import assert from "node:assert/strict";
import { demandIssuer } from "../../../server/tools/oauth/own-client.ts";
import { noSecrets } from "../../../server/tools/secrets.ts";
import { KnownSecrets } from "../../../server/workspace/redact.ts";

const LOGIN = "https://login.example";

/** Whether a login accepts a service that the MCP server refers to at `at` and whose metadata name `named`. */
const accepts = (issuer: string, at: string, named: string, isReferredTo = true): boolean => {
  const url = `${LOGIN}/mcp`;
  const config = { url, headers: {}, oauth: { issuer } };
  const parts = {
    server: "tracker",
    config,
    environment: {},
    secrets: noSecrets,
    known: new KnownSecrets({}),
  };
  const endpoints = { authorization_endpoint: `${at}/a`, token_endpoint: `${at}/t` };
  const metadata = { issuer: named, ...endpoints, response_types_supported: ["code"] };
  try {
    demandIssuer(parts, {
      authorizationServerUrl: at,
      authorizationServerMetadata: metadata,
      ...(isReferredTo && { resourceMetadata: { resource: url, authorization_servers: [at] } }),
    });
    return true;
  } catch (error) {
    assert.match(String(error), /names the issuer/);
    return false;
  }
};

describe("the issuer in the entry of an MCP server", () => {
  it("is the only one that a login accepts", () => {
    assert.ok(accepts(`${LOGIN}/one`, `${LOGIN}/one`, `${LOGIN}/one`));
    assert.ok(accepts(LOGIN, `${LOGIN}/`, LOGIN));
    assert.ok(!accepts(`${LOGIN}/one`, `${LOGIN}/one`, `${LOGIN}/two`));
    assert.ok(!accepts(`${LOGIN}/one`, `${LOGIN}/one`, `${LOGIN}/one/`));
    assert.ok(!accepts(`${LOGIN}/one`, `${LOGIN}/one`, `${LOGIN}/ONE`));
    assert.ok(!accepts(LOGIN, "https://evil.example", LOGIN));
    assert.ok(!accepts(LOGIN, LOGIN, `${LOGIN}/?of=another`));
  });

  it("is not accepted from the metadata of another service on its host", () => {
    assert.ok(!accepts(`${LOGIN}/one`, `${LOGIN}/two`, `${LOGIN}/one`));
    assert.ok(!accepts(`${LOGIN}/one`, LOGIN, `${LOGIN}/one`));
  });

  it("may be below the host of a server that refers to no service", () => {
    assert.ok(accepts(`${LOGIN}/one`, `${LOGIN}/`, `${LOGIN}/one`, false));
    assert.ok(!accepts(`${LOGIN}/one`, `${LOGIN}/two`, `${LOGIN}/one`, false));
    assert.ok(!accepts(`${LOGIN}/one`, "https://evil.example/", `${LOGIN}/one`, false));
  });
});
