import type { Tool } from "@modelcontextprotocol/client";
import { ToolSchema } from "@modelcontextprotocol/core";
import type { AgentConfig } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { LentTool, LentToolCall } from "../../schemas/lent-tools.ts";
import { EDITOR_SERVICE, type ToolDefinition } from "../../schemas/tool-definition.ts";
import { type EditorTools, editorToolName, editorToolsOf } from "./editor-tools.ts";
import { offeredTools } from "./server-tools.ts";
import type { ToolPins } from "./tool-pins.ts";
import type { ToolAnswer, ToolsParts } from "./tools-api.ts";

/** How long the editor may take to list its tools, and to call one that the user has to confirm. */
const LIST_MILLISECONDS = 5000;
const CONFIRMED_MILLISECONDS = 600_000;

const source = { service: EDITOR_SERVICE, called: "VS Code" };

/**
 * The tools that the editor lends, as agents use them. VS Code starts its MCP servers itself and asks its user
 * where a tool wants to be confirmed. Nothing is lent where no editor is connected, such as on the command line.
 */
export class LentToolAccess {
  readonly #editor: EditorTools | null;
  readonly #pins: ToolPins;
  readonly #warn: (problem: string) => void;

  constructor({ editor = null, settings }: ToolsParts, pins: ToolPins, warn: (problem: string) => void) {
    this.#editor = settings.untrusted ? null : editor;
    this.#pins = pins;
    this.#warn = warn;
  }

  /** Those that an agent lists, as the user knows them. */
  async offers(agent: AgentConfig): Promise<ToolDefinition[]> {
    const wanted = editorToolsOf(agent);
    if (this.#editor === null || wanted.length === 0) return [];
    try {
      const listed = await this.#editor.list(AbortSignal.timeout(LIST_MILLISECONDS));
      const known = new Map(listed.map((tool) => [editorToolName(tool.name), tool]));
      const tools = wanted.flatMap((name) => this.#usable(name, known));
      return offeredTools(source, tools, this.#warn);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warn(`The tools of VS Code are not available: ${reason}.`);
      return [];
    }
  }

  /** Errors: `not_found`, `cancelled`; the editor is gone. */
  async call(call: LentToolCall, signal: AbortSignal): Promise<ToolAnswer> {
    if (this.#editor === null) throw fail("not_found", { kind: "tool", id: editorToolName(call.name) });
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CONFIRMED_MILLISECONDS)]);
    return this.#editor.call(call, limited);
  }

  #usable(name: string, known: ReadonlyMap<string, LentTool>): Tool[] {
    const lent = known.get(name);
    if (lent === undefined) {
      this.#warn(`VS Code has no tool ${name}. It has: ${[...known.keys()].sort().join(", ")}.`);
      return [];
    }
    const { description, schema } = lent;
    const tool = ToolSchema.safeParse({ name: lent.name, description, inputSchema: schema });
    if (!tool.success) {
      this.#warn(`The tool ${name} of VS Code is left out: its schema is not that of an object.`);
      return [];
    }
    if (this.#pins.accepts(name, EDITOR_SERVICE, [tool.data])) return [tool.data];
    this.#warn(
      `The tool ${name} of VS Code changed since you allowed it. It is not used until you allow it. The next run asks you.`,
    );
    return [];
  }
}
