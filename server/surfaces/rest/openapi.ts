import { z } from "zod";
import { AgentConfig } from "../../../schemas/agent.ts";
import { ChangeSet } from "../../../schemas/changes.ts";
import { contract, ModelInfo, RunDetails } from "../../../schemas/contract.ts";
import { ErrorCode } from "../../../schemas/errors.ts";
import { RuntimeEvent } from "../../../schemas/events.ts";
import { AgentExecution } from "../../../schemas/execution.ts";
import { Finding } from "../../../schemas/findings.ts";
import { AgentInstance, LifecycleEvent } from "../../../schemas/instance.ts";
import { Json } from "../../../schemas/primitives.ts";
import { DailyUsage, Task, TeamRun } from "../../../schemas/run.ts";
import { AgentTeam } from "../../../schemas/team.ts";
import { TranscriptEntry } from "../../../schemas/transcript.ts";
import { startsRun } from "./origin.ts";
import { pathFields, type Route, routes } from "./routes.ts";

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: ErrorCode,
  next_step: z.string().nullable(),
  retryable: z.boolean(),
  data: z.record(z.string(), z.union([z.string(), z.number()])),
});

/** Schemas with their own name. All others are inline. */
const named: Record<string, z.ZodType> = {
  AgentConfig,
  AgentInstance,
  AgentExecution,
  AgentTeam,
  ChangeSet,
  DailyUsage,
  Finding,
  Json,
  LifecycleEvent,
  ModelInfo,
  Problem,
  RunDetails,
  RuntimeEvent,
  Task,
  TeamRun,
  TranscriptEntry,
};

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
/** `agents/create` → `AgentsCreate`. */
const nameOf = (route: Route): string => route.method.split("/").map(capital).join("");
const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const takesBody = (route: Route): boolean => route.verb === "POST" || route.verb === "PUT";
const outsidePath = (route: Route): [string, z.ZodType][] =>
  Object.entries(route.fields).filter(([field]) => !pathFields(route).includes(field));

const isNamed = (schema: z.ZodType): string | undefined =>
  Object.entries(named).find(([, candidate]) => candidate === schema)?.[0];

/** JSON Schemas of all of them, with references by name. */
const components = (schemas: Record<string, z.ZodType>, io: "input" | "output"): Record<string, unknown> => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const uri = (id: string) => `#/components/schemas/${id}`;
  const converted = z.toJSONSchema(registry, { io, uri, target: "draft-2020-12" });
  return Object.fromEntries(
    Object.entries(converted.schemas).map(([id, schema]) => {
      const { $schema, $id, ...rest } = schema;
      return [id, rest];
    }),
  );
};

const bodyOf = (route: Route): string => `${nameOf(route)}Body`;
const resultOf = (route: Route): string => isNamed(contract[route.method].result) ?? `${nameOf(route)}Result`;

/** Bodies omit defaults and results contain them, so the two have different forms of the same schema. */
const allComponents = (): Record<string, unknown> => {
  const results = routes.map((route): [string, z.ZodType] => [
    resultOf(route),
    contract[route.method].result,
  ]);
  const bodies = routes
    .filter(takesBody)
    .map((route): [string, z.ZodType] => [
      bodyOf(route),
      z.strictObject(Object.fromEntries(outsidePath(route))),
    ]);
  return {
    ...components({ ...named, ...Object.fromEntries(results) }, "output"),
    ...components({ JsonInput: Json, ...Object.fromEntries(bodies) }, "input"),
  };
};

/** Schema of a parameter: text, a number or a choice. It never refers to another schema. */
const plain = (schema: z.ZodType | undefined): unknown => {
  const { $schema, ...rest } = z.toJSONSchema(schema ?? z.string(), { io: "input" });
  return rest;
};

const parameters = (route: Route) => [
  ...pathFields(route).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: plain(route.fields[name]),
  })),
  ...(takesBody(route) ? [] : outsidePath(route)).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema: plain(schema),
  })),
];

const header = (name: string, description: string) => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string" },
});

const headersOf = ({ verb, method }: Route) => {
  if (verb === "GET")
    return [header("If-None-Match", "ETags that you already have; returns 304 if one still matches")];
  if (verb !== "POST") return [header("If-Match", "The ETag that the record must still have; otherwise 412")];
  // Its answer is a secret and is not stored.
  return method === "tokens/create"
    ? []
    : [header("Idempotency-Key", "On a team server, the same request with the same key is performed once")];
};

const traceHeaders = (route: Route) =>
  startsRun(route)
    ? [
        header("traceparent", "The parent span of the run, in the format of W3C Trace Context"),
        header("tracestate", "Vendor data for `traceparent`"),
      ]
    : [];

const operation = (route: Route) => ({
  operationId: route.method.replace("/", "."),
  tags: [route.method.split("/")[0]],
  parameters: [...parameters(route), ...headersOf(route), ...traceHeaders(route)],
  ...(takesBody(route) && {
    requestBody: { content: { "application/json": { schema: refTo(bodyOf(route)) } } },
  }),
  responses: {
    [route.status]:
      route.status === 204
        ? { description: "Done" }
        : { description: "Done", content: { "application/json": { schema: refTo(resultOf(route)) } } },
    default: {
      description: "What went wrong",
      content: { "application/problem+json": { schema: refTo("Problem") } },
    },
  },
  "x-role": contract[route.method].role,
});

const paths = (): Record<string, Record<string, unknown>> => {
  const all: Record<string, Record<string, unknown>> = {
    "/api/events": {
      get: {
        operationId: "events",
        parameters: [
          header(
            "Last-Event-ID",
            "Start after this event. If that is not possible, `events.lost` comes first",
          ),
        ],
        responses: {
          200: {
            description:
              "Every event from now on; each data line except the one of `events.lost` is a RuntimeEvent",
            content: { "text/event-stream": { schema: refTo("RuntimeEvent") } },
          },
        },
      },
    },
  };
  for (const route of routes) (all[route.path] ??= {})[route.verb.toLowerCase()] = operation(route);
  return all;
};

/** The OpenAPI 3.1 document of this runtime. It is generated from the contract, so the two cannot differ. */
export const openApi = (version: string) => ({
  openapi: "3.1.0",
  info: { title: "CODITECT Agents", version },
  security: [{ token: [] }],
  paths: paths(),
  components: {
    schemas: allComponents(),
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
  },
});
