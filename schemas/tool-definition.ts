import { z } from "zod";
import { Json } from "./primitives.ts";
import { ToolName } from "./tools.ts";

/** The service whose tools are those that the editor lends. */
export const EDITOR_SERVICE = "vscode";

/**
 * A value that comes from a secret. `secret:github` is the variable `CODITECT_SECRET_GITHUB`, or else what
 * `coditect credentials set secret:github` stored.
 */
export const SECRET_REFERENCE = /^secret:([a-z0-9-]+)$/;

/** A service that is called over HTTP. */
const HttpHandler = z.strictObject({
  /** `{name}` is replaced by that field of the input. */
  url: z.string().regex(/^https?:\/\//, "must begin with http:// or https://"),
  /** Verb of the request, such as GET. */
  method: z.string().regex(/^[A-Z]+$/, "must be in capitals, such as GET"),
  /** A value may be a reference, `secret:github`. */
  headers: z.record(z.string(), z.string()),
  /**
   * Ours: the JSON body. A string `{name}` in it is replaced by that field of the input, and `{name}` in a
   * longer string by its text. Left out: the fields that the URL does not name.
   */
  body: Json.exactOptional(),
});
export type HttpHandler = z.infer<typeof HttpHandler>;

/** Documents: "Tool Integration", enum `ToolHandler`. */
const ToolHandler = z.union([
  z.strictObject({ Http: HttpHandler }),
  z.strictObject({ Internal: z.strictObject({ function: z.string(), module: z.string() }) }),
  z.strictObject({
    External: z.strictObject({
      /** Name of an MCP server of `.coditect/mcp.json`. */
      service: z.string(),
      /** The tool's name there. */
      endpoint: z.string(),
      auth: z.string().nullable(),
    }),
  }),
]);

/** Documents: "Tool Integration", struct `ToolDefinition`. */
export const ToolDefinition = z.strictObject({
  /** What the model calls it. */
  name: z.string(),
  /** The description that the model gets. */
  description: z.string(),
  /** JSON Schema of the input. */
  schema: Json,
  /** What runs it. */
  handler: ToolHandler,
});
export type ToolDefinition = z.infer<typeof ToolDefinition>;

/** Functions of the runtime that a user can offer under a name and a description of their own. */
export const RUNTIME_TOOLS = "runtime/tools";
export const RuntimeFunction = z.enum([
  "read_result",
  "find_tools",
  "call_tool",
  "list_resources",
  "read_resource",
  "list_prompts",
  "get_prompt",
]);
export type RuntimeFunction = z.infer<typeof RuntimeFunction>;

/** A tool that a user defines for an agent, whose name is not a built-in tool's. */
export const UserTool = ToolDefinition.extend({
  name: z
    .string()
    .regex(/^[a-zA-Z][\w-]{0,63}$/, "must be a word of at most 64 letters, digits, _ and -")
    .refine((name) => !ToolName.safeParse(name).success, "is the name of a built-in tool"),
  handler: z.union([
    z.strictObject({ Http: HttpHandler }),
    z.strictObject({
      Internal: z.strictObject({ function: RuntimeFunction, module: z.literal(RUNTIME_TOOLS) }),
    }),
    z.strictObject({
      External: z.strictObject({
        service: z.string().refine((name) => name !== EDITOR_SERVICE, "list tools of VS Code by their names"),
        endpoint: z.string().min(1),
        /** The entry of the server says how to log in. */
        auth: z.null().default(null),
      }),
    }),
  ]),
});
export type UserTool = z.infer<typeof UserTool>;
