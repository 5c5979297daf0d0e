import { z } from "zod";
import { contract, type Method } from "../../../schemas/contract.ts";
import { fail } from "../../../schemas/errors.ts";

type Http = NonNullable<(typeof contract)[Method]["http"]>;
type Verb = Http["verb"];

/** A row of the contract that has an HTTP form. */
export interface Route {
  method: Method;
  verb: Verb;
  path: string;
  status: number;
  /** `/api/agents/{agent_id}` → ["api", "agents", { field: "agent_id" }]. */
  segments: readonly (string | { field: string })[];
  /** Fields of the params, in the order of the contract. */
  fields: Readonly<Record<string, z.ZodType>>;
}

const segmentsOf = (path: string): Route["segments"] =>
  path
    .slice(1)
    .split("/")
    .map((segment) => (segment.startsWith("{") ? { field: segment.slice(1, -1) } : segment));

export const routes: readonly Route[] = Object.entries(contract).flatMap(([name, { http, params }]) => {
  if (http === null) return [];
  // The keys of the contract are its methods.
  const method = name as Method;
  const { verb, path, status = 200 }: { verb: Verb; path: string; status?: number } = http;
  return [{ method, verb, path, status, segments: segmentsOf(path), fields: params.shape }];
});

/** A request is compared with routes whose paths have the same length. */
const byLength: ReadonlyMap<number, readonly Route[]> = Map.groupBy(
  routes,
  ({ segments }) => segments.length,
);

/** Names of the fields in a route's path. */
export const pathFields = (route: Route): string[] =>
  route.segments.flatMap((segment) => (typeof segment === "string" ? [] : [segment.field]));

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw fail("invalid_params", {
      what: "The address",
      problems: `${segment} is not valid percent-encoding`,
    });
  }
};

const matchPath = (route: Route, segments: readonly string[]): Record<string, string> | null => {
  const values: Record<string, string> = {};
  for (const [index, wanted] of route.segments.entries()) {
    const segment = segments[index] ?? "";
    if (typeof wanted === "string") {
      if (wanted !== segment) return null;
    } else if (segment === "") return null;
    else values[wanted.field] = decode(segment);
  }
  return values;
};

/** The route of a request, with the fields of its path. Errors: `not_found`, `verb_not_allowed`. */
export const findRoute = (verb: string, path: string): { route: Route; inPath: Record<string, string> } => {
  const segments = path.slice(1).split("/");
  const matching = (byLength.get(segments.length) ?? []).flatMap((route) => {
    const inPath = matchPath(route, segments);
    return inPath === null ? [] : [{ route, inPath }];
  });
  const found = matching.find(({ route }) => route.verb === verb);
  if (found !== undefined) return found;
  if (matching.length === 0) throw fail("not_found", { kind: "resource", id: path });
  const allowed = matching.map(({ route }) => route.verb).join(", ");
  throw fail("verb_not_allowed", { path, verb, allowed });
};

const inner = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
    ? // zod types what is wrapped more loosely than what can be wrapped; every part of ours is a ZodType.
      inner(schema.unwrap() as z.ZodType)
    : schema;

/** A query parameter is text. Other types are converted from it, or left for the parser to refuse. */
const readValue = (field: z.ZodType | undefined, value: string): unknown => {
  const wanted = field === undefined ? undefined : inner(field);
  if (wanted instanceof z.ZodNumber && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (wanted instanceof z.ZodBoolean && /^(true|false)$/.test(value)) return value === "true";
  return value;
};

/** The params in the query. */
export const readQuery = (route: Route, query: URLSearchParams): Record<string, unknown> =>
  Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const [value = "", ...more] = query.getAll(name);
      return [name, more.length > 0 ? [value, ...more] : readValue(route.fields[name], value)];
    }),
  );
