import {
  discoverAndRequestJwtAuthGrant,
  type OAuthDiscoveryState,
  requestJwtAuthorizationGrant,
} from "@modelcontextprotocol/client";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import { resolveSecret } from "../secrets.ts";
import { MachineLogin } from "./machine-login.ts";
import type { LoginParts } from "./own-client.ts";

const BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/**
 * A login through the identity provider of a company. The provider exchanges the user's ID token for a grant
 * (RFC 8693), and the MCP server's service exchanges the grant for tokens (RFC 7523). Specification of MCP:
 * "Enterprise-Managed Authorization". Errors: `login_failed`, `secret_missing`, `host_refused`.
 */
export class CompanyLogin extends MachineLogin {
  readonly #fetch: typeof globalThis.fetch;
  #service: string | undefined;
  #resource: string | undefined;

  constructor(parts: LoginParts, fetch: typeof globalThis.fetch) {
    super(parts);
    this.#fetch = fetch;
  }

  protected override readonly grantType: string = BEARER_GRANT;

  override saveDiscoveryState(found: OAuthDiscoveryState): void {
    super.saveDiscoveryState(found);
    this.#service = found.authorizationServerMetadata?.issuer ?? found.authorizationServerUrl;
  }

  saveResourceUrl(resource: string): void {
    this.#resource = resource;
  }

  /** Asks the identity provider each time, because a grant is valid for minutes and only once. */
  override async prepareTokenRequest(scope?: string): Promise<URLSearchParams> {
    const assertion = await this.#grant(scope);
    return new URLSearchParams({
      grant_type: this.grantType,
      assertion,
      ...(scope !== undefined && { scope }),
    });
  }

  async #grant(scope: string | undefined): Promise<string> {
    const provider = this.parts.config.oauth.identity_provider;
    if (provider === undefined) throw this.#failed("its entry names no identity provider");
    if (this.#service === undefined || this.#resource === undefined)
      throw this.#failed("the server does not describe itself as a protected resource");
    const { issuer, token_endpoint, client_id, client_secret, id_token } = provider;
    const options = {
      audience: this.#service,
      resource: this.#resource,
      idToken: (await resolveSecret(id_token, this.parts)).trim(),
      clientId: client_id,
      ...(client_secret !== undefined && { clientSecret: await resolveSecret(client_secret, this.parts) }),
      ...(scope !== undefined && { scope }),
      fetchFn: this.#fetch,
    };
    try {
      const { jwtAuthGrant } =
        token_endpoint === undefined
          ? await discoverAndRequestJwtAuthGrant({ ...options, idpUrl: issuer })
          : await requestJwtAuthorizationGrant({ ...options, tokenEndpoint: token_endpoint });
      return jwtAuthGrant;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : null;
      if (cause instanceof CoditectError) throw cause;
      const reason = error instanceof Error ? error.message : String(error);
      throw this.#failed(`the identity provider ${issuer} gave no grant: ${reason}`, error);
    }
  }

  #failed(reason: string, cause?: unknown): Error {
    return fail("login_failed", { server: this.parts.server, reason }, { cause });
  }
}
