import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import fc from "fast-check";
import { CompactSign, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { openIdentityProvider } from "../../../../server/surfaces/team/oidc.ts";
import { testTeam, testTls, type TestTeam } from "../../../support/team-server.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

interface IssuerChoices {
  isEncrypted?: boolean;
  /** Where its keys are; left out: where it is itself. */
  keysAt?: string;
}

/** An issuer of tokens: its discovery document and its keys over HTTP. */
const testIssuer = async ({ isEncrypted = false, keysAt }: IssuerChoices = {}) => {
  const pair = await generateKeyPair("ES256", { extractable: true });
  let url = "";
  const server: Server = isEncrypted ? createSecureServer(testTls) : createServer();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/.well-known/openid-configuration")
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${keysAt ?? url}/keys` }));
    else
      void exportJWK(pair.publicKey).then((key) =>
        response.end(JSON.stringify({ keys: [{ ...key, kid: "1", alg: "ES256" }] })),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  url = isEncrypted ? `https://localhost:${address.port}` : `http://127.0.0.1:${address.port}`;
  return { url, server, key: pair.privateKey };
};

describe("tokens of an identity provider", function () {
  this.timeout(20_000);
  const user = ownUserFolder();
  let issuer: Awaited<ReturnType<typeof testIssuer>>;
  let team: TestTeam;
  before(async () => {
    user.use();
    issuer = await testIssuer();
    team = await testTeam({ oidc: { issuer: issuer.url, audience: "coditect" } });
  });
  after(async () => {
    await team.close();
    issuer.server.close();
    await user.restore();
  });

  const good = {
    ...{ sub: "u1", email: "ada@acme.example", email_verified: true },
    ...{ coditect_role: "operator", coditect_tenant: "acme" },
  };
  const sign = (
    claims: JWTPayload,
    { audience = "coditect", iss = issuer.url, exp = "5m", key = issuer.key } = {},
  ) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "1" })
      .setIssuer(iss)
      .setAudience(audience)
      .setExpirationTime(exp)
      .sign(key);
  const ask = async (token: string, verb = "GET", path = "/api/agents") =>
    team.call(verb, path, { token, ...(verb === "POST" && { body: {} }) });

  it("let their bearer in as what the claims say, and no further", async () => {
    const token = await sign(good);
    assert.equal((await ask(token)).status, 200);
    assert.equal((await ask(token, "POST", "/api/agents")).json.code, "not_authorised");
    assert.equal((await ask(token, "POST", "/api/models/rehearsal")).status, 200);
    const [entry] = (await team.tenants[0].audit.read(0, 10)).slice(-1);
    assert.deepEqual(
      [entry?.user, entry?.token_id, entry?.method],
      ["ada@acme.example", null, "models/rehearsal"],
    );
  });

  it("name their bearer by an address only if the provider has verified it", async () => {
    const token = await sign({ ...good, email_verified: false });
    assert.equal((await ask(token, "POST", "/api/models/rehearsal")).status, 200);
    const [entry] = (await team.tenants[0].audit.read(0, 100)).slice(-1);
    assert.equal(entry?.user, "u1");
  });

  it("are refused where anything of them is not right", async () => {
    const other = await generateKeyPair("ES256");
    const { coditect_role, ...noRole } = good;
    for (const [what, token] of Object.entries({
      expired: await sign(good, { exp: "-1m" }),
      "another audience": await sign(good, { audience: "another" }),
      "another issuer": await sign(good, { iss: "https://evil.example" }),
      "another key": await sign(good, { key: other.privateKey }),
      "no role": await sign(noRole),
      "no such role": await sign({ ...good, coditect_role: "root" }),
      "no such tenant": await sign({ ...good, coditect_tenant: "initech" }),
      "no tenant where there are two": await sign({ sub: "u1", coditect_role: "admin" }),
      "no signature": `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(
        JSON.stringify({ ...good, iss: issuer.url, aud: "coditect", exp: 9_999_999_999 }),
      ).toString("base64url")}.`,
      "signed with the public key as a secret": await new SignJWT(good)
        .setProtectedHeader({ alg: "HS256", kid: "1" })
        .setIssuer(issuer.url)
        .setAudience("coditect")
        .setExpirationTime("5m")
        .sign(Buffer.from("public")),
    }))
      assert.equal((await ask(token)).status, 401, what);
  });

  it("are refused with a named error, whatever they contain", async () => {
    const provider = openIdentityProvider({ issuer: issuer.url, audience: "coditect" }, () => undefined);
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("x".repeat(10_000), `${"a.".repeat(5000)}@b`, 1e300, -1),
    );
    const claim = fc.constantFrom(
      ...["sub", "email", "coditect_role", "coditect_tenant", "exp", "nbf", "iat", "iss", "aud", "__proto__"],
    );
    const claims = fc.dictionary(claim, odd, { maxKeys: 6 });
    const header = fc.record({
      alg: fc.constantFrom("ES256", "RS256", "EdDSA", "HS256", "none", "", 1, null),
      kid: fc.constantFrom("1", "2", null),
      crit: fc.constantFrom(undefined, ["b64"], "b64", []),
      b64: fc.constantFrom(undefined, false),
      jwk: fc.constantFrom(undefined, {}),
    });
    const forged = fc
      .tuple(header, claims, fc.string({ maxLength: 90 }))
      .map(([head, body, signature]) => `${part(head)}.${part(body)}.${signature}`);
    const signed = claims.map((body) => ({ ...good, ...body }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ maxLength: 60 }), forged, signed), async (made) => {
        const token =
          typeof made === "string"
            ? made
            : await new CompactSign(
                Buffer.from(
                  JSON.stringify({ exp: 9_999_999_999, aud: "coditect", iss: issuer.url, ...made }),
                ),
              )
                .setProtectedHeader({ alg: "ES256", kid: "1" })
                .sign(issuer.key);
        // There is no tenant that anybody could enter.
        await assert.rejects(provider.admit(token, [], "127.0.0.1"), {
          code: /^(unauthenticated|token_refused)$/,
        });
      }),
      { numRuns: 80 },
    );
  });

  it("are told from a failure of the provider", async () => {
    const down = await testTeam({ oidc: { issuer: "http://127.0.0.1:1", audience: "coditect" } });
    const { status, json } = await down.call("GET", "/api/agents", { token: await sign(good) });
    await down.close();
    assert.deepEqual([status, json.code], [503, "identity_provider_failed"]);
  });

  it("count only if an https provider names an https address for its keys", async () => {
    const known = getCACertificates("default");
    setDefaultCACertificates([...known, testTls.cert.toString()]);
    const encrypted = await testIssuer({ isEncrypted: true });
    const open = await testIssuer({ isEncrypted: true, keysAt: issuer.url });
    try {
      for (const [{ url, key }, expected] of [
        [encrypted, 200],
        [{ url: open.url, key: issuer.key }, 503],
      ] as const) {
        const server = await testTeam({ oidc: { issuer: url, audience: "coditect" } });
        const token = await sign(good, { iss: url, key });
        const { status, json } = await server.call("GET", "/api/agents", { token });
        await server.close();
        assert.equal(status, expected, JSON.stringify(json));
      }
    } finally {
      setDefaultCACertificates(known);
      for (const { server } of [encrypted, open]) server.close();
    }
  });
});
