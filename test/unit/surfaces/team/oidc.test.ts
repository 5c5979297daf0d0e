import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import fc from "fast-check";
import {
  CompactSign,
  type CompactJWSHeaderParameters,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from "jose";
import { routes } from "../../../../server/surfaces/rest/routes.ts";
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
  const rsa = await generateKeyPair("RS256", { extractable: true });
  let url = "";
  const server: Server = isEncrypted ? createSecureServer(testTls) : createServer();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/.well-known/openid-configuration")
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${keysAt ?? url}/keys` }));
    else
      void Promise.all([exportJWK(pair.publicKey), exportJWK(rsa.publicKey)]).then(([key, rsaKey]) =>
        response.end(
          JSON.stringify({
            keys: [
              { ...key, kid: "1", alg: "ES256" },
              { ...rsaKey, kid: "2", alg: "RS256" },
            ],
          }),
        ),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  url = isEncrypted ? `https://localhost:${address.port}` : `http://127.0.0.1:${address.port}`;
  return { url, server, key: pair.privateKey, rsa };
};

describe("tokens of an identity provider", function () {
  this.timeout(120_000);
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
    {
      audience = "coditect",
      iss = issuer.url,
      exp = "5m",
      key = issuer.key,
      header = { alg: "ES256", kid: "1" },
    } = {},
  ) =>
    new SignJWT(claims)
      .setProtectedHeader(header)
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

  /** Tokens of an attacker, who knows the public keys, and wrong ones of the provider itself. */
  const forgeries = async (): Promise<Record<string, string>> => {
    const own = await generateKeyPair("ES256", { extractable: true });
    const ownPublic = await exportJWK(own.publicKey);
    const now = Math.floor(Date.now() / 1000);
    const claims = { ...good, coditect_role: "admin", iss: issuer.url, aud: "coditect", exp: now + 300 };
    const made = (
      header: CompactJWSHeaderParameters,
      key: Parameters<CompactSign["sign"]>[0],
      changes: object = {},
    ) =>
      new CompactSign(Buffer.from(JSON.stringify({ ...claims, ...changes })))
        .setProtectedHeader(header)
        .sign(key);
    const plain = (header: object) =>
      `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
    const pem = Buffer.from(await exportSPKI(issuer.rsa.publicKey));
    const modulus = Buffer.from((await exportJWK(issuer.rsa.publicKey)).n ?? "", "base64url");
    const valid = await made({ alg: "ES256", kid: "1" }, issuer.key);
    const [head = "", , signature = ""] = valid.split(".");
    const other = Buffer.from(JSON.stringify({ ...claims, sub: "root" })).toString("base64url");
    return {
      "alg none": plain({ alg: "none" }),
      "alg None": plain({ alg: "None", kid: "1" }),
      "no alg": plain({ kid: "1" }),
      "the RSA key's text as a secret": await made({ alg: "HS256", kid: "2" }, pem),
      "the RSA key's number as a secret": await made({ alg: "HS256", kid: "2" }, modulus),
      "no secret": await made({ alg: "HS256", kid: "1" }, Buffer.alloc(32)),
      "a key of its own": await made({ alg: "ES256", kid: "1" }, own.privateKey),
      "a key in its header": await made({ alg: "ES256", kid: "1", jwk: ownPublic }, own.privateKey),
      "an address of keys": await made(
        { alg: "ES256", kid: "1", jku: "https://evil.example" },
        own.privateKey,
      ),
      "a path as kid": await made({ alg: "ES256", kid: "../../../../dev/null" }, own.privateKey),
      "a query as kid": await made({ alg: "ES256", kid: "1' OR '1'='1" }, own.privateKey),
      "no kid and a key of its own": await made({ alg: "ES256" }, own.privateKey),
      "the kid of another key": await made({ alg: "ES256", kid: "2" }, issuer.key),
      "claims that were changed": `${head}.${other}.${signature}`,
      "no signature": valid.replace(/[^.]*$/, ""),
      "another audience": await made({ alg: "ES256", kid: "1" }, issuer.key, { aud: ["coditect2", "x"] }),
      "no audience": await made({ alg: "ES256", kid: "1" }, issuer.key, { aud: undefined }),
      "another issuer": await made({ alg: "ES256", kid: "1" }, issuer.key, { iss: `${issuer.url}/` }),
      "not valid yet": await made({ alg: "ES256", kid: "1" }, issuer.key, { nbf: now + 300 }),
      expired: await made({ alg: "ES256", kid: "1" }, issuer.key, { exp: now - 300 }),
      "no expiry": await made({ alg: "ES256", kid: "1" }, issuer.key, { exp: undefined }),
      "an expiry that is a text": await made({ alg: "ES256", kid: "1" }, issuer.key, { exp: "2999-01-01" }),
      "a role that does not exist": await made({ alg: "ES256", kid: "1" }, issuer.key, {
        coditect_role: "Admin",
      }),
      "another tenant": await made({ alg: "ES256", kid: "1" }, issuer.key, { coditect_tenant: "initech" }),
    };
  };

  it("are refused at every method of the contract, whatever was forged", async () => {
    const tokens = Object.entries(await forgeries());
    for (const { method, verb, path } of routes)
      await Promise.all(
        tokens.map(async ([what, token]) => {
          const { status, json } = await ask(token, verb, path.replace(/\{\w+\}/g, "x"));
          assert.equal(status, 401, `${method}, ${what}: ${JSON.stringify(json)}`);
        }),
      );
    // The same with nothing forged is let in, so the refusals above have no other reason.
    const rsa = await sign(good, { key: issuer.rsa.privateKey, header: { alg: "RS256", kid: "2" } });
    for (const token of [rsa, await sign(good)]) assert.equal((await ask(token)).status, 200);
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
