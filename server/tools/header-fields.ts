import { z } from "zod";

/** A part of a schema with a header, as protocol 2026-07-28 wants it: "x-mcp-header". */
const Named = z.object({
  "x-mcp-header": z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/),
  type: z.enum(["string", "integer", "boolean", "number"]),
});
const Fields = z.object({ properties: z.record(z.string(), z.unknown()) });

/** Names of the headers that fields of the input have, nested ones too. */
const headersOf = (schema: unknown): string[] => {
  const fields = Object.values(Fields.safeParse(schema).data?.properties ?? {});
  return fields.flatMap((field) => {
    const named = Named.safeParse(field).data;
    return [...(named === undefined ? [] : [named["x-mcp-header"].toLowerCase()]), ...headersOf(field)];
  });
};

/** How often a schema names a header anywhere. */
const countHeaders = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0;
  const parts: unknown[] = Object.values(value);
  const named = "x-mcp-header" in value && typeof value["x-mcp-header"] !== "object" ? 1 : 0;
  return parts.reduce<number>((sum, part) => sum + countHeaders(part), named);
};

/**
 * Whether a tool's input may be sent with the headers that its schema names. The protocol wants a client to
 * leave out a tool that names headers which are no headers, the same one twice, or where no field is.
 */
export const namesValidHeaders = (schema: unknown): boolean => {
  const headers = headersOf(schema);
  return headers.length === countHeaders(schema) && new Set(headers).size === headers.length;
};
