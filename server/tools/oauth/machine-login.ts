import type {
  AddClientAuthentication,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { fail } from "../../../schemas/errors.ts";
import { demandIssuer, type LoginParts, registeredClient, signedProof } from "./own-client.ts";

/**
 * A login without a person: the client gets tokens with its secret or its key. The tokens are not stored,
 * because the client can always get new ones. Specification of MCP: "OAuth Client Credentials"; RFC 6749, 4.4.
 */
export class MachineLogin implements OAuthClientProvider {
  protected readonly parts: LoginParts;
  readonly addClientAuthentication?: AddClientAuthentication;
  #tokens: StoredOAuthTokens | undefined;

  constructor(parts: LoginParts) {
    this.parts = parts;
    const proof = signedProof(parts);
    if (proof !== undefined) this.addClientAuthentication = proof;
  }

  protected readonly grantType: string = "client_credentials";

  /** There is no browser page that redirects. */
  readonly redirectUrl = undefined;

  get clientMetadata(): OAuthClientMetadata {
    const { private_key, scope } = this.parts.config.oauth;
    return {
      client_name: "CODITECT Agents",
      redirect_uris: [],
      grant_types: [this.grantType],
      token_endpoint_auth_method: private_key === undefined ? "client_secret_basic" : "private_key_jwt",
      ...(scope !== undefined && { scope }),
    };
  }

  clientInformation(): Promise<StoredOAuthClientInformation | undefined> {
    return registeredClient(this.parts, undefined);
  }

  saveDiscoveryState(found: OAuthDiscoveryState): void {
    demandIssuer(this.parts, found);
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }

  invalidateCredentials(): void {
    this.#tokens = undefined;
  }

  prepareTokenRequest(scope?: string): URLSearchParams | Promise<URLSearchParams> {
    return new URLSearchParams({ grant_type: this.grantType, ...(scope !== undefined && { scope }) });
  }

  redirectToAuthorization(): void {
    throw this.#needsNobody();
  }

  saveCodeVerifier(): void {
    // Only a login by a person has an authorization code.
  }

  codeVerifier(): string {
    throw this.#needsNobody();
  }

  #needsNobody(): Error {
    const { server } = this.parts;
    return fail("login_failed", { server, reason: "the service asks for a person, and the client logs in" });
  }
}
