import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentConfig } from "../../schemas/agent.ts";
import type { McpFile, OtherMcpFile } from "../../schemas/mcp.ts";
import type { Json } from "../../schemas/primitives.ts";
import { createTools } from "../../server/tools/tools.ts";
import type { AskUser, ToolAnswer, Tools, ToolsParts } from "../../server/tools/tools-api.ts";
import { noSecrets, type SecretTexts } from "../../server/tools/secrets.ts";
import { KnownSecrets } from "../../server/workspace/redact.ts";
import { root } from "./command.ts";
import { anAgent } from "./records.ts";

export type Servers = McpFile["mcpServers"];

interface Options extends Partial<
  Pick<ToolsParts, "environment" | "secrets" | "editor" | "startMilliseconds">
> {
  /** Whether the user has allowed the configuration; true unless given. */
  consent?: boolean;
  /** The changed tools of a server that the user has allowed, by their hash. */
  changedTools?: string;
  untrusted?: boolean;
  allowed?: string[];
  mcpFiles?: OtherMcpFile[];
}

/** A workspace with the real tool gateway. Only its stored data is in memory. */
export interface ToolWorkspace {
  folder: string;
  /** The warnings that the gateways logged. */
  warnings: string[];
  open: (options?: Options) => Tools;
  /** Writes `.coditect/mcp.json`. */
  writeServers: (servers: Servers) => void;
  remove(): Promise<void>;
}

/** This is longer than usual, so that a server is not left out on a busy machine. */
const START_MILLISECONDS = 60_000;

export const toolWorkspace = (): ToolWorkspace => {
  const folder = mkdtempSync(join(tmpdir(), "coditect-tools-"));
  mkdirSync(join(folder, ".coditect"));
  const opened: Tools[] = [];
  const warnings: string[] = [];
  const stored = new Map<string, Buffer>();
  return {
    folder,
    warnings,
    open: (options = {}) => {
      const tools = createTools({
        workspace: folder,
        scratchFolder: join(folder, ".scratch"),
        settings: {
          allowed_hosts: options.allowed ?? [],
          mcp_files: options.mcpFiles ?? [],
          untrusted: options.untrusted ?? false,
        },
        unconfined: () => "allow",
        mayLeaveSandbox: true,
        consents: {
          has: (name, of) => (name === "mcp_tools" ? options.changedTools === of : (options.consent ?? true)),
          list: () => [],
        },
        objects: {
          put: (bytes) => {
            const hash = createHash("sha256").update(bytes).digest("hex");
            stored.set(hash, Buffer.from(bytes));
            return Promise.resolve(hash);
          },
          get: (hash) => Promise.resolve(stored.get(hash) ?? Buffer.alloc(0)),
        },
        environment: options.environment ?? {},
        secrets: options.secrets ?? noSecrets,
        known: new KnownSecrets(options.environment ?? {}),
        editor: options.editor ?? null,
        startMilliseconds: options.startMilliseconds ?? START_MILLISECONDS,
        version: "1",
        log: (_level, message, details) => {
          warnings.push(`${message} ${JSON.stringify(details ?? {})}`);
        },
      });
      opened.push(tools);
      return tools;
    },
    writeServers: (mcpServers) => {
      writeFileSync(join(folder, ".coditect/mcp.json"), JSON.stringify({ mcpServers }));
    },
    remove: async () => {
      await Promise.all(opened.map((tools) => tools.close()));
      rmSync(folder, { recursive: true });
    },
  };
};

const never = new AbortController().signal;

/** Calls a tool by the name under which the agent gets it. */
export const callNamed = async (
  tools: Tools,
  agent: AgentConfig,
  name: string,
  input: Json,
  signal = never,
  ask: AskUser | null = null,
): Promise<ToolAnswer> => {
  const offers = await tools.offers(agent, null);
  const definition = offers.find((offer) => offer.name === name);
  assert.ok(definition, `${name} is offered; there are ${offers.map((offer) => offer.name).join(", ")}`);
  return tools.call({ definition, agent, input, ask, signal });
};

/** The same for an agent that may use all tools. */
export const callAny = (tools: Tools, name: string, input: Json): Promise<ToolAnswer> =>
  callNamed(tools, anAgent(), name, input);

/** A server with this behaviour, which its file describes. */
export const misbehaving = (...behaviour: string[]): Servers[string] => ({
  command: process.execPath,
  args: [join(root, "test/integration/tools/misbehaving-server.ts"), ...behaviour],
  env: {},
  sandbox: "none",
});

/** A server that breaks the protocol in this way, which its file describes. */
export const bad = (...behaviour: string[]): Servers[string] => ({
  command: process.execPath,
  args: [join(root, "test/fixtures/mcp/bad-server.mjs"), ...behaviour],
  env: {},
  sandbox: "none",
});

/** A storage for secrets in memory. */
export const heldSecrets = (): SecretTexts => {
  const held = new Map<string, string>();
  return {
    text: (name) => Promise.resolve(held.get(name) ?? null),
    setText: (name, text) => {
      if (text === null) held.delete(name);
      else held.set(name, text);
      return Promise.resolve();
    },
  };
};
