import { SECRET_REFERENCE } from "../../schemas/tool-definition.ts";
import { secretMethods } from "../../schemas/contract/secrets.ts";
import { fail } from "../../schemas/errors.ts";
import type { CredentialStore } from "../gateway/credentials.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";

const { name: SecretName } = secretMethods["secrets/remove"].params.shape;

/** Keys of providers and secrets of tools that a tenant of a team server has stored. Error: `server_only`. */
export const secretHandlers = ({ vault }: HandlerContext): HandlersOf<"secrets"> => {
  // Without tenants, the stored keys are those of the server's user.
  const open = (): CredentialStore => {
    if (vault === null) throw fail("server_only", { what: "A stored key" });
    return vault;
  };
  return {
    "secrets/list": async () => {
      const stored = await open().list();
      // The logins to MCP servers are in the same file, and `mcp/logins` shows them.
      return { items: stored.filter(({ name }) => SecretName.safeParse(name).success) };
    },

    "secrets/set": async ({ name, value }) => {
      // A tool's secret may be any text, such as a private key of several lines.
      await (SECRET_REFERENCE.test(name) ? open().setText(name, value) : open().set(name, value));
      return {};
    },

    "secrets/remove": async ({ name }) => {
      await open().remove(name);
      return {};
    },
  };
};
