import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tool } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { privateUserFolder } from "../platform/user-folder.ts";

const Pins = z.record(z.string(), z.string());

/**
 * What each server's tools looked like when the user first used them here. A server that changes a
 * description or a schema later could otherwise slip instructions past the user's consent. The
 * consent to `.coditect/` is part of the key: whoever allows a changed configuration starts anew.
 */
export class ToolPins {
  readonly #path: () => string;

  constructor(workspace: string) {
    const name = createHash("sha256").update(workspace).digest("hex");
    this.#path = () => join(privateUserFolder("tool-pins"), `${name}.json`);
  }

  /** Whether these are the tools that were seen first; the first ones are remembered. */
  accepts(server: string, configuration: string, tools: readonly Tool[]): boolean {
    const key = `${configuration} ${server}`;
    const seen = createHash("sha256");
    for (const { name, description, inputSchema } of tools)
      seen.update(JSON.stringify([name, description ?? "", inputSchema]));
    const hash = seen.digest("hex");
    const pins = this.#read();
    const known = pins[key];
    if (known === undefined)
      writeFileSync(this.#path(), JSON.stringify({ ...pins, [key]: hash }), { mode: 0o600 });
    return known === undefined || known === hash;
  }

  #read(): z.infer<typeof Pins> {
    try {
      return Pins.parse(JSON.parse(readFileSync(this.#path(), "utf8")));
    } catch {
      // There is none yet, or it cannot be read: the tools are seen for the first time.
      return {};
    }
  }
}
