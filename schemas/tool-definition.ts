import { z } from "zod";
import { Json } from "./primitives.ts";
import { ToolName } from "./tools.ts";

/** A value that comes from a secret: `secret:github` is `CODITECT_SECRET_GITHUB`. */
export const SECRET_REFERENCE = /^secret:([a-z0-9-]+)$/;

/** Documents: "Tool Integration", enum `ToolHandler`. */
const ToolHandler = z.union([
  z.strictObject({
    /** A service that is called over HTTP. */
    Http: z.strictObject({
      /** `{name}` is replaced by that field of the input. */
      url: z.string().regex(/^https?:\/\//, "must begin with http:// or https://"),
      /** Verb of the request, such as GET. */
      method: z.string().regex(/^[A-Z]+$/, "must be in capitals, such as GET"),
      /** A value may be a reference, `secret:github`. */
      headers: z.record(z.string(), z.string()),
    }),
  }),
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

/** A tool that a user defines for an agent: an Http one, whose name is not a built-in tool's. */
export const UserTool = ToolDefinition.extend({
  name: z
    .string()
    .regex(/^[a-zA-Z][\w-]{0,63}$/, "must be a word of at most 64 letters, digits, _ and -")
    .refine((name) => !ToolName.safeParse(name).success, "is the name of a built-in tool"),
  handler: z.strictObject({
    /** A service that is called over HTTP. */
    Http: ToolHandler.options[0].shape.Http,
  }),
});
export type UserTool = z.infer<typeof UserTool>;
