import { z } from "zod";
import { AgentType, AIProvider, ProviderName } from "../agent.ts";
import { Consent, ConsentName } from "../consents.ts";
import { ErrorCode, WireError } from "../errors.ts";
import { MetricField, Metrics } from "../metrics.ts";
import { Count } from "../primitives.ts";
import { DailyUsage } from "../run.ts";
import { Nothing, row } from "./row.ts";

const MetricSpan = {
  /** Left out: 30 days before the end. */
  since: z.iso.date().optional(),
  /** Left out: today. */
  until: z.iso.date().optional(),
};

export const ModelInfo = z.strictObject({
  provider: AIProvider,
  name: z.string(),
  /** Installed or reachable right now; `problem` says why not. */
  available: z.boolean(),
  problem: z.string().nullable(),
  problem_code: ErrorCode.nullable(),
  /** Dollars per million tokens; `null`: unknown. */
  price: z.strictObject({ input: z.number(), output: z.number() }).nullable(),
  context_window: Count.nullable(),
});
export type ModelInfo = z.infer<typeof ModelInfo>;

/** A model that agents of a team ask. */
export const AskedModel = z.strictObject({
  provider: ProviderName,
  model: z.string(),
  agent_types: z.array(AgentType),
  /** Dollars per million tokens; `null`: unknown. */
  price: z.strictObject({ input: z.number(), output: z.number() }).nullable(),
});
export type AskedModel = z.infer<typeof AskedModel>;

/** Methods on models, keys, consents, and the runtime itself. */
export const runtimeMethods = {
  "models/list": row(
    "viewer",
    z.strictObject({ reachable: z.boolean().default(false) }),
    z.strictObject({ items: z.array(ModelInfo) }),
    {
      verb: "GET",
      path: "/api/models",
    },
  ),
  /** Pulls a model into Ollama and answers when it is complete; `model.pulling` reports the progress. */
  "models/pull": row("operator", z.strictObject({ model: z.string().min(1) }), Nothing, {
    verb: "POST",
    path: "/api/models/pull",
    status: 204,
  }),
  /**
   * What a team's agents ask, and what is certain to keep them from being answered; `null`: nothing is
   * known of it. Asked before a run is started; local servers are asked for their models, services are not.
   */
  "models/check": row(
    "operator",
    z.strictObject({
      /** Id or name. */
      team_id: z.string().min(1),
      /** Asked in place of each agent's own; `null`: the agents' own. */
      provider: AIProvider.nullable().default(null),
      /** Whether local servers are asked for their models. */
      reachable: z.boolean().default(true),
    }),
    z.strictObject({ problem: WireError.nullable(), asked: z.array(AskedModel) }),
    { verb: "POST", path: "/api/models/check" },
  ),
  /** Starts the built-in scripted model (once) and says how it is asked; it needs no key. */
  "models/rehearsal": row("operator", Nothing, z.strictObject({ provider: AIProvider }), {
    verb: "POST",
    path: "/api/models/rehearsal",
  }),

  /**
   * Keys of a provider from the editor's secret storage, the one to use first; none removes them.
   * They are kept in the memory of the editor's own runtime, and come before those of the environment.
   * They never travel over HTTP: a runtime of another process uses the keys it has itself.
   */
  "credentials/set": row(
    "admin",
    z.strictObject({ provider: ProviderName, keys: z.array(z.string().min(1)) }),
    Nothing,
    null,
  ),

  /** What the user has allowed for this workspace. */
  "consents/list": row("viewer", Nothing, z.strictObject({ items: z.array(Consent) }), {
    verb: "GET",
    path: "/api/consents",
  }),
  /** Gives a consent for this workspace, or takes it back. */
  "consents/set": row(
    "admin",
    z.strictObject({
      name: ConsentName,
      given: z.boolean(),
      /** What it is about, as the question named it. When taken back, null means all of that name. */
      of: z.string().nullable().default(null),
    }),
    Nothing,
    { verb: "PUT", path: "/api/consents/{name}", status: 204 },
  ),

  /** What ended executions took and came to, in a span of days (UTC). */
  "metrics/get": row(
    "viewer",
    z.strictObject({
      ...MetricSpan,
      by: MetricField.default("day"),
    }),
    Metrics,
    { verb: "GET", path: "/api/metrics" },
  ),
  /** The same in Prometheus's text format, and the alerts as rules for it. */
  "metrics/prometheus": row("viewer", Nothing, z.strictObject({ text: z.string(), rules: z.string() }), {
    verb: "GET",
    path: "/api/metrics/prometheus",
  }),
  /** The dashboard as one self-contained page. */
  "metrics/report": row(
    "viewer",
    z.strictObject({
      ...MetricSpan,
      /** URI of the workspace folder for an editor that opens runs from the page; `null`: no links. */
      folder: z.url().nullable().default(null),
    }),
    z.strictObject({ html: z.string() }),
    { verb: "GET", path: "/api/metrics/report" },
  ),

  "usage/today": row("viewer", Nothing, DailyUsage, { verb: "GET", path: "/api/usage/today" }),

  "runtime/status": row(
    "viewer",
    Nothing,
    z.strictObject({
      version: z.string(),
      pid: Count,
      state_folder: z.string(),
      read_only: z.boolean(),
      running_runs: Count,
      active_instances: Count,
      queued_executions: Count,
    }),
    { verb: "GET", path: "/api/status" },
  ),
} as const;
