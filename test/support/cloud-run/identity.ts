import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { generateKeyPair, jwtVerify, SignJWT } from "jose";
import type { CryptoKey } from "jose";

export const PROJECT = "a-project";
export const ACCESS_TOKEN = "an-access-token";
const ISSUER = "https://accounts.google.com";
const PREFIX = "/computeMetadata/v1/";

interface KeyPair {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

/** Issues tokens, as the metadata server of a machine in Google's cloud does, and checks them. */
export class Identity {
  /** The properties of the next ID tokens. Tests change them. */
  tokens: { lifetimeSeconds: number; audience: string | null; key: "own" | "another" } = {
    ...{ lifetimeSeconds: 3600, audience: null, key: "own" },
  };
  readonly #server: Server;
  readonly #own: KeyPair;
  readonly #another: KeyPair;

  private constructor(server: Server, own: KeyPair, another: KeyPair) {
    this.#server = server;
    this.#own = own;
    this.#another = another;
  }

  static async start(): Promise<Identity> {
    const [own, another] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
    const server = createServer();
    const identity = new Identity(server, own, another);
    server.on("request", (request, response) => {
      const url = new URL(request.url ?? "/", "http://metadata");
      const answer = async (): Promise<string | null> => {
        if (request.headers["metadata-flavor"] !== "Google") return null;
        const path = url.pathname.slice(PREFIX.length);
        if (path === "project/project-id") return PROJECT;
        if (path === "universe/universe-domain") return "googleapis.com";
        if (path.endsWith("/token"))
          return JSON.stringify({ access_token: ACCESS_TOKEN, expires_in: 3600, token_type: "Bearer" });
        if (path.endsWith("/identity")) return identity.token(url.searchParams.get("audience") ?? "");
        return null;
      };
      answer().then(
        (text) => {
          const headers = { "metadata-flavor": "Google", "content-type": "application/json" };
          response.writeHead(text === null ? 404 : 200, headers).end(text ?? "");
        },
        () => response.destroy(),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return identity;
  }

  /** Variables with which Google's library asks this metadata server. */
  get environment(): Record<string, string> {
    // A server that listens on a port has an address of this form.
    const { port } = this.#server.address() as AddressInfo;
    return {
      GCE_METADATA_HOST: `127.0.0.1:${port}`,
      METADATA_SERVER_DETECTION: "assume-present",
      GOOGLE_CLOUD_PROJECT: PROJECT,
      // The credentials of the person who runs the tests must not be used.
      CLOUDSDK_CONFIG: import.meta.dirname,
    };
  }

  token(audience: string): Promise<string> {
    const { lifetimeSeconds, audience: other, key } = this.tokens;
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ email: "runtime@a-project.iam.gserviceaccount.com" })
      .setProtectedHeader({ alg: "RS256" })
      .setIssuer(ISSUER)
      .setAudience(other ?? audience)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetimeSeconds)
      .sign((key === "own" ? this.#own : this.#another).privateKey);
  }

  /** The status with which Google's front end refuses a request; null if the request may pass. */
  async refusal(authorization: string | undefined, audience: string): Promise<number | null> {
    const [, token] = /^Bearer (.+)$/.exec(authorization ?? "") ?? [];
    if (token === undefined) return 403;
    return jwtVerify(token, this.#own.publicKey, { issuer: ISSUER, audience }).then(
      () => null,
      () => 401,
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
