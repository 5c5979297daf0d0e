import type {
  AddClientAuthentication,
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { OAuthClientInformationSchema, OAuthTokensSchema } from "@modelcontextprotocol/core";
import { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import type { McpServerConfig } from "../../../schemas/mcp.ts";
import { SerialQueue } from "../../../schemas/serial-queue.ts";
import {
  demandIssuer,
  type LoginParts,
  type OAuthServer,
  registeredClient,
  signedProof,
} from "./own-client.ts";
import { refreshesOf } from "./refreshes.ts";
import type { SecretTexts } from "../secrets.ts";

/** What is kept of a login. The SDK adds fields of its own, such as the issuer, which must come back. */
const Login = z.object({
  client: z.looseObject(OAuthClientInformationSchema.shape).optional(),
  tokens: z.looseObject(OAuthTokensSchema.shape).optional(),
  /** The scopes that the server asked for after the last login. */
  wanted_scope: z.string().optional(),
});
type Login = z.infer<typeof Login>;

export const usesOAuth = (config: McpServerConfig): config is OAuthServer =>
  "url" in config && config.oauth !== undefined;

/** How the client logs in by itself, without a person. Null: a person logs in. */
export const machineGrant = ({ oauth }: OAuthServer): MachineGrant | null =>
  oauth.grant === undefined || oauth.grant === "authorization_code" ? null : oauth.grant;

export type MachineGrant = Exclude<OAuthServer["oauth"]["grant"], undefined | "authorization_code">;

const LOGIN_PREFIX = "mcp:";

/** The name of a login among the stored secrets: of the whole address, so that no other server gets it. */
export const loginName = (url: string): string => `${LOGIN_PREFIX}${url}`;

/** The address of the server that a stored secret is the login to; null: the secret is a key. */
export const loggedInTo = (name: string): string | null =>
  name.startsWith(LOGIN_PREFIX) ? name.slice(LOGIN_PREFIX.length) : null;

/** Whether the user is logged in to the server of this address, as far as is known here. */
export const isLoggedIn = async (url: string, secrets: SecretTexts): Promise<boolean> =>
  readLogin(await secrets.text(loginName(url))).tokens !== undefined;

/** An older or damaged entry is none: the user logs in again. */
const readLogin = (text: string | null): Login => {
  try {
    return Login.parse(JSON.parse(text ?? "{}"));
  } catch {
    return {};
  }
};

/** The stored login of one server. Changes are made one after the other. */
class StoredLogin {
  readonly #name: string;
  readonly #secrets: SecretTexts;
  readonly #changes = new SerialQueue();

  constructor({ config, secrets }: LoginParts) {
    this.#name = loginName(config.url);
    this.#secrets = secrets;
  }

  async read(): Promise<Login> {
    return readLogin(await this.#secrets.text(this.#name));
  }

  change(edit: (login: Login) => Login): Promise<void> {
    return this.#changes.run(async () => {
      await this.#secrets.setText(this.#name, JSON.stringify(edit(await this.read())));
    });
  }
}

/**
 * The stored login as a run uses it: tokens are sent and refreshed, and nobody is asked. Specification of
 * MCP: "Authorization". Errors: `tool_server_login` where a person has to log in.
 */
export class ServerLogin implements OAuthClientProvider {
  protected readonly parts: LoginParts;
  protected readonly stored: StoredLogin;

  readonly addClientAuthentication?: AddClientAuthentication;

  constructor(parts: LoginParts) {
    this.parts = parts;
    this.stored = new StoredLogin(parts);
    const proof = signedProof(parts);
    if (proof !== undefined) this.addClientAuthentication = proof;
  }

  /** Never used: without a person, no page leads back here. */
  readonly redirectUrl: string = "http://127.0.0.1/callback";

  get clientMetadata(): OAuthClientMetadata {
    const { client_secret, private_key, scope } = this.parts.config.oauth;
    const method = private_key === undefined ? "client_secret_basic" : "private_key_jwt";
    const isPublic = client_secret === undefined && private_key === undefined;
    return {
      client_name: "CODITECT Agents",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: isPublic ? "none" : method,
      ...(scope !== undefined && { scope }),
    };
  }

  async clientInformation(
    asking?: OAuthClientInformationContext,
  ): Promise<StoredOAuthClientInformation | undefined> {
    return (await this.registered(asking)) ?? (await this.stored.read()).client;
  }

  saveDiscoveryState(found: OAuthDiscoveryState): void {
    demandIssuer(this.parts, found);
  }

  async saveClientInformation(client: StoredOAuthClientInformation): Promise<void> {
    await this.stored.change((login) => ({ ...login, client }));
  }

  /** Errors: `tool_server_login`: nobody has logged in yet. */
  async tokens(): Promise<StoredOAuthTokens | undefined> {
    const { tokens } = await this.stored.read();
    if (tokens === undefined) throw this.needed();
    return tokens;
  }

  async saveTokens(tokens: StoredOAuthTokens): Promise<void> {
    await this.stored.change(({ client }) => ({ ...(client && { client }), tokens }));
  }

  /** The tokens do not count any more, or do not allow enough: the next login asks for what is wanted. */
  async redirectToAuthorization(page: URL): Promise<void> {
    const wanted = page.searchParams.get("scope");
    await this.stored.change((login) => ({ ...login, ...(wanted !== null && { wanted_scope: wanted }) }));
    throw this.needed();
  }

  saveCodeVerifier(): void {
    // No code comes without a person.
  }

  codeVerifier(): string {
    throw this.needed();
  }

  async invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): Promise<void> {
    if (scope === "verifier" || scope === "discovery") return;
    // Another request or process has renewed them meanwhile: these were not refused.
    const { tokens: present } = await this.stored.read();
    const kept = present?.refresh_token;
    if (scope === "tokens" && kept !== undefined && !refreshesOf(this.parts.secrets).wasRefused(kept)) return;
    await this.stored.change(({ client, tokens, ...login }) => ({
      ...login,
      ...(scope === "tokens" && client && { client }),
      ...(scope === "client" && tokens && { tokens }),
    }));
  }

  /** The client that the user registered with the service; undefined: it registers itself. */
  protected registered(
    asking: OAuthClientInformationContext | undefined,
  ): Promise<StoredOAuthClientInformation | undefined> {
    return registeredClient(this.parts, asking?.issuer);
  }

  protected needed(): Error {
    return fail("tool_server_login", { server: this.parts.server });
  }
}
