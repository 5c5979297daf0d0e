import { z } from "zod";

/** A part of a schema with a header, as defined by protocol 2026-07-28: "x-mcp-header". */
const Named = z.object({
  "x-mcp-header": z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/),
  // The protocol does not name "number", but its conformance suite uses it, and clients send it.
  type: z.enum(["string", "integer", "boolean", "number"]),
});
const Fields = z.object({ properties: z.record(z.string(), z.unknown()) });

/** The header names of all fields of the input, including nested fields. */
const headersOf = (schema: unknown): string[] => {
  const fields = Object.values(Fields.safeParse(schema).data?.properties ?? {});
  return fields.flatMap((field) => {
    const named = Named.safeParse(field).data;
    return [...(named === undefined ? [] : [named["x-mcp-header"].toLowerCase()]), ...headersOf(field)];
  });
};

/** The number of headers that a schema names anywhere. */
const countHeaders = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0;
  const parts: unknown[] = Object.values(value);
  const named = "x-mcp-header" in value && typeof value["x-mcp-header"] !== "object" ? 1 : 0;
  return parts.reduce<number>((sum, part) => sum + countHeaders(part), named);
};

/**
 * Whether a tool's input can be sent with the headers that its schema names. The protocol requires clients to
 * leave out a tool whose schema names invalid headers, names a header twice, or names one outside of a field.
 */
export const namesValidHeaders = (schema: unknown): boolean => {
  const headers = headersOf(schema);
  return headers.length === countHeaders(schema) && new Set(headers).size === headers.length;
};
