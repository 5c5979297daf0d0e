import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  auth,
  extractWWWAuthenticateParams,
  LATEST_PROTOCOL_VERSION,
  type OAuthClientInformationContext,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import { quietSdk } from "../sdk-remarks.ts";
import { safePage } from "../safe-page.ts";
import { type LoginParts, namesIssuer } from "./own-client.ts";
import { ServerLogin } from "./server-login.ts";

export interface LogInOptions extends LoginParts {
  fetch: typeof globalThis.fetch;
  /** Shows the page to the user on which the service asks for consent. */
  show: (page: URL) => void;
  signal: AbortSignal;
}

const CALLBACK = "/callback";

/** A login with a person in front of a browser: the service's page leads back to a port of this machine. */
class PersonalLogin extends ServerLogin {
  readonly #state = randomBytes(32).toString("base64url");
  override readonly redirectUrl: string;
  readonly #show: (page: URL) => void;
  #verifier = "";
  #discovered: OAuthDiscoveryState | undefined;

  constructor(options: LogInOptions, port: number) {
    super(options);
    this.redirectUrl = `http://127.0.0.1:${port}${CALLBACK}`;
    this.#show = options.show;
  }

  state(): string {
    return this.#state;
  }

  /** An earlier registration leads back to another port, so each login registers again. */
  override async clientInformation(
    asking?: OAuthClientInformationContext,
  ): Promise<StoredOAuthClientInformation | undefined> {
    const { client } = await this.stored.read();
    const uris: unknown = client?.redirect_uris;
    const isForThisPort = Array.isArray(uris) && uris.includes(this.redirectUrl);
    return (await this.registered(asking)) ?? (isForThisPort ? client : undefined);
  }

  /** Tokens that are there are not enough, or the user would not log in. */
  override tokens(): Promise<StoredOAuthTokens | undefined> {
    return Promise.resolve(undefined);
  }

  override redirectToAuthorization(page: URL): Promise<void> {
    const safe = safePage(page.href);
    if (safe === null) return Promise.reject(new Error("its login page is not on the web"));
    this.#show(new URL(safe));
    return Promise.resolve();
  }

  override saveCodeVerifier(verifier?: string): void {
    this.#verifier = verifier ?? "";
  }

  override codeVerifier(): string {
    return this.#verifier;
  }

  /**
   * Exchanges the code with the service that the user was sent to, even if the server has named another one
   * since.
   */
  override saveDiscoveryState(state: OAuthDiscoveryState): void {
    super.saveDiscoveryState(state);
    this.#discovered = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered;
  }

  async wantedScope(): Promise<string | undefined> {
    return (await this.stored.read()).wanted_scope;
  }

  /** Whether an answer belongs to this login, and was not brought about by another page. */
  isOurs(state: string | null): boolean {
    const [given, own] = [Buffer.from(state ?? ""), Buffer.from(this.#state)];
    return given.length === own.length && timingSafeEqual(given, own);
  }
}

const say = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(text);
};

/**
 * The parameters of the redirect from the service's page. `iss`: the issuer of the code, if the service sends
 * it.
 */
interface Code {
  code: string;
  iss: string | null;
}

/** The code with which the service's page leads back. */
const codeFrom = (server: Server, login: PersonalLogin, signal: AbortSignal): Promise<Code> =>
  new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(new Error("nobody completed it in the browser"));
    });
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
      if (pathname !== CALLBACK) {
        say(response, 404, "There is nothing here.");
        return;
      }
      if (!login.isOurs(searchParams.get("state"))) {
        say(response, 400, "This page does not belong to an active login.");
        return;
      }
      const code = searchParams.get("code");
      if (code === null) {
        say(response, 200, "The login was refused. You can close this page.");
        reject(
          new Error(searchParams.get("error_description") ?? searchParams.get("error") ?? "no code came"),
        );
        return;
      }
      say(response, 200, "You are logged in. You can close this page.");
      resolve({ code, iss: searchParams.get("iss") });
    });
  });

/** What the service says of its login when it is asked without one. */
const challengeOf = async ({ config, fetch, signal }: LogInOptions): Promise<Response> => {
  const params = {
    protocolVersion: LATEST_PROTOCOL_VERSION,
    capabilities: {},
    clientInfo: { name: "coditect", version: "1" },
  };
  const response = await fetch(config.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
    signal,
  });
  await response.body?.cancel();
  return response;
};

/**
 * Logs the user in to an MCP server and stores the tokens. Specification of MCP: "Authorization"; RFC 8252.
 * Errors: `login_failed`, `secret_missing`, `credentials_closed`, `host_refused`.
 */
export const logIn = async (options: LogInOptions): Promise<void> => {
  quietSdk();
  const { server: name, config, signal } = options;
  const server = createServer().listen(config.oauth.port ?? 0, "127.0.0.1");
  try {
    await once(server, "listening");
    const login = new PersonalLogin(options, (server.address() as AddressInfo).port);
    const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(await challengeOf(options));
    const wanted = (await login.wantedScope()) ?? scope;
    const asked = {
      serverUrl: config.url,
      fetchFn: options.fetch,
      skipIssuerMetadataValidation: namesIssuer(config),
      ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
      ...(wanted !== undefined && { scope: wanted }),
    };
    const coming = codeFrom(server, login, signal);
    coming.catch(() => undefined);
    await auth(login, asked);
    const { code, iss } = await coming;
    await auth(login, { ...asked, authorizationCode: code, ...(iss !== null && { iss }) });
  } catch (error) {
    if (error instanceof CoditectError) throw error;
    const cause = error instanceof Error && error.cause instanceof CoditectError ? error.cause : null;
    if (cause !== null) throw cause;
    const reason = error instanceof Error ? error.message : String(error);
    throw fail("login_failed", { server: name, reason }, { cause: error });
  } finally {
    server.close();
    server.closeAllConnections();
  }
};
