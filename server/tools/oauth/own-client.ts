import { createPrivateKey, type JsonWebKey, type KeyObject } from "node:crypto";
import {
  type AddClientAuthentication,
  createPrivateKeyJwtAuth,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
} from "@modelcontextprotocol/client";
import { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import type { McpServerConfig, ServerOAuth } from "../../../schemas/mcp.ts";
import { resolveSecret, type SecretPlaces } from "../secrets.ts";

export type OAuthServer = Extract<McpServerConfig, { url: string }> & { oauth: ServerOAuth };

/** Whose login, and where it is kept. */
export interface LoginParts extends SecretPlaces {
  server: string;
  config: OAuthServer;
}

/** The client that the user registered with the service; undefined: there is none. */
export const registeredClient = async (
  parts: LoginParts,
  asking: string | undefined,
): Promise<StoredOAuthClientInformation | undefined> => {
  const { client_id, client_secret, issuer = asking } = parts.config.oauth;
  if (client_id === undefined) return undefined;
  return {
    client_id,
    ...(client_secret !== undefined && { client_secret: await resolveSecret(client_secret, parts) }),
    // The SDK shows a client to no other issuer than this.
    ...(issuer !== undefined && { issuer }),
  };
};

/** Proves the client by a text signed with its key (RFC 7523). Undefined: it has no key. */
export const signedProof = (parts: LoginParts): AddClientAuthentication | undefined => {
  const { client_id, private_key, algorithm } = parts.config.oauth;
  if (client_id === undefined || private_key === undefined) return undefined;
  return async (...request) => {
    const text = await resolveSecret(private_key, parts);
    const key = readKey(parts.server, text);
    const sign = createPrivateKeyJwtAuth({
      ...{ issuer: client_id, subject: client_id, alg: algorithm ?? algorithmOf(parts.server, key) },
      privateKey: { ...key.export({ format: "jwk" }) },
    });
    await sign(...request);
  };
};

/** The crypto module checks its fields. */
const WebKey = z.custom<JsonWebKey>((value) => typeof value === "object" && value !== null);

/** A key in PEM, also on one line with `\n` as variables often have it, or a JSON Web Key. */
const readKey = (server: string, text: string): KeyObject => {
  try {
    const trimmed = text.trim();
    if (!trimmed.startsWith("{")) return createPrivateKey(trimmed.replaceAll("\\n", "\n"));
    return createPrivateKey({ key: WebKey.parse(JSON.parse(trimmed)), format: "jwk" });
  } catch {
    // The message of a parser quotes the text, which is the key.
    throw fail("login_failed", { server, reason: "its private key cannot be read" });
  }
};

const curves: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};

const algorithmOf = (server: string, { asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string => {
  if (asymmetricKeyType === "rsa") return "RS256";
  if (asymmetricKeyType === "ed25519") return "EdDSA";
  const known = curves[asymmetricKeyDetails?.namedCurve ?? ""];
  if (known !== undefined) return known;
  throw fail("login_failed", { server, reason: `it cannot sign with a key of type ${asymmetricKeyType}` });
};

/** Two spellings of an address without a path are one issuer; all others are compared as they are written. */
const isSameIssuer = (one: string, other: string): boolean => {
  const [first, second] = [URL.parse(one), URL.parse(other)];
  if (first === null || first.href !== second?.href) return false;
  return one === other || (first.pathname === "/" && `${first.search}${first.hash}` === "");
};

/**
 * Refuses a service that is not the `issuer` of the configuration. The service's metadata must name it, and the
 * MCP server must refer to it (RFC 8414, RFC 9207). A server of protocol 2025-03-26 refers to no service. Its
 * metadata are at the root of its own host, and may name an issuer below.
 */
export const demandIssuer = (
  { server, config }: LoginParts,
  { authorizationServerUrl, authorizationServerMetadata, resourceMetadata }: OAuthDiscoveryState,
): void => {
  const { issuer } = config.oauth;
  if (issuer === undefined) return;
  const found = authorizationServerMetadata?.issuer ?? authorizationServerUrl;
  const isReferredTo =
    isSameIssuer(authorizationServerUrl, issuer) ||
    (resourceMetadata === undefined && isSameIssuer(authorizationServerUrl, new URL(issuer).origin));
  if (isSameIssuer(found, issuer) && isReferredTo) return;
  const reason = `the service is ${found} at ${authorizationServerUrl}, and the configuration names the issuer ${issuer}`;
  throw fail("login_failed", { server, reason });
};

/** The SDK compares issuers only by the address of the metadata. {@link demandIssuer} does so otherwise. */
export const namesIssuer = ({ oauth }: LoginParts["config"]): boolean => oauth.issuer !== undefined;
