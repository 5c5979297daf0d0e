import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tool } from "@modelcontextprotocol/client";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import type { Consents } from "../platform/consents.ts";
import { privateUserFolder } from "../platform/user-folder.ts";

/** By configuration and server: the hash of the tools that the user has allowed. */
const Pins = z.record(z.string(), z.string());

/** By configuration and server: other tools that the server had later, for the question to the user. */
const Changed = z.record(z.string(), z.strictObject({ hash: z.string(), tools: z.string() }));

const hashOf = (tools: readonly Tool[]): string => {
  const seen = createHash("sha256");
  for (const { name, description, inputSchema } of tools)
    seen.update(JSON.stringify([name, description ?? "", inputSchema]));
  return seen.digest("hex");
};

/** What a consent to these tools is given for. */
const consentTo = (hash: string): string => hash.slice(0, 32);

/** Whole: what a server hides behind a long beginning must be seen before it is allowed. */
const described = ({ name, description }: Tool): string =>
  description === undefined || description === "" ? name : `${name} (${description})`;

const keyOf = (configuration: string, server: string): string => `${configuration} ${server}`;

/**
 * What each server's tools looked like when the user first used them here. A server that changes a
 * description or a schema later could otherwise slip instructions past the user's consent. Its new tools
 * are used once the user has allowed them. The consent to `.coditect/` is part of the key: whoever allows
 * a changed configuration allows its servers as they are then.
 */
export class ToolPins {
  readonly #workspace: string;
  readonly #consents: Pick<Consents, "has">;

  constructor(workspace: string, consents: Pick<Consents, "has">) {
    this.#workspace = createHash("sha256").update(workspace).digest("hex");
    this.#consents = consents;
  }

  /** Whether these tools may be used; others than the user knows are kept for {@link demandChanged}. */
  accepts(server: string, configuration: string, tools: readonly Tool[]): boolean {
    const key = keyOf(configuration, server);
    const hash = hashOf(tools);
    const pins = this.#read("", Pins);
    if (pins[key] === hash) return true;
    const { [key]: _, ...others } = this.#read(".changed", Changed);
    const isAllowed = pins[key] === undefined || this.#consents.has("mcp_tools", consentTo(hash));
    if (isAllowed) this.#write("", { ...pins, [key]: hash });
    this.#write(
      ".changed",
      isAllowed ? others : { ...others, [key]: { hash, tools: tools.map(described).join("; ") } },
    );
    return isAllowed;
  }

  /** Errors: `mcp_tools_unconfirmed` while one of these servers has tools that the user has not allowed. */
  demandChanged(configuration: string, servers: readonly string[]): void {
    const changed = this.#read(".changed", Changed);
    for (const server of servers) {
      const found = changed[keyOf(configuration, server)];
      if (found === undefined) continue;
      const hash = consentTo(found.hash);
      if (this.#consents.has("mcp_tools", hash)) continue;
      throw fail("mcp_tools_unconfirmed", { server, tools: found.tools, hash });
    }
  }

  #path(kind: string): string {
    return join(privateUserFolder("tool-pins"), `${this.#workspace}${kind}.json`);
  }

  #read<Content extends object>(kind: string, schema: z.ZodType<Content>): Content | Record<string, never> {
    try {
      return schema.parse(JSON.parse(readFileSync(this.#path(kind), "utf8")));
    } catch {
      // There is none yet, or it cannot be read: the tools are seen for the first time.
      return {};
    }
  }

  #write(kind: string, content: object): void {
    writeFileSync(this.#path(kind), JSON.stringify(content), { mode: 0o600 });
  }
}
