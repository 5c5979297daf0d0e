import { z } from "zod";
import { Effort, firstRuntime, RuntimeChoice, type AIProvider } from "../../../../schemas/agent.ts";
import type { ProviderName, RuntimeType } from "../../../../schemas/agent.ts";
import { ANSWER_CEILING, BY_ROLE, defaultModels } from "../../../../schemas/default-models.ts";
import { fail } from "../../../../schemas/errors.ts";
import type { RunOptions, RunOrigin } from "../../../../schemas/run.ts";
import { commandOrigin } from "../../../../schemas/run-origin.ts";
import { readTraceContext } from "../../../../schemas/trace.ts";
import { problemsOf } from "../../../../schemas/problems.ts";
import { Json } from "../../../../schemas/primitives.ts";
import { nestSettings, type SettingValues } from "../../../../schemas/nested-settings.ts";
import { isSettingKey } from "../../../../schemas/setting-table.ts";
import { parseGiven, withoutLogin } from "../../../../schemas/logins.ts";
import { addressOfMalformed } from "../../../../schemas/providers.ts";
import { keyVariableIn } from "../../../gateway/key-variables.ts";
import { malformedAddress, readAddress, readOllamaHost } from "./addresses.ts";
import { Attempts } from "../../../../schemas/team.ts";
import { Settings, type SettingsInput } from "../../../../schemas/settings.ts";

/** Providers by the names of `--provider`. Contract: "Command line". */
export const providerNames = ["claude", "gemini", "ollama", "huggingface", "rehearsal"] as const;
type ProviderChoice = (typeof providerNames)[number];

/** Values of `--unconfined`. */
export const unconfinedAnswers = Settings.shape.unconfined.unwrap().options;

/** Runtimes by their names in `--runtime`, with their names in records. */
const runtimeByName: ReadonlyMap<string, RuntimeType> = new Map([
  ["local", "Local"],
  ["docker", "Docker"],
  ["kubernetes", "Kubernetes"],
  ["cloud-run", "CloudRun"],
]);
export const runtimeNames = [...runtimeByName.keys()];

/** `local`, or several in order of preference: `local,kubernetes`. */
const RuntimeFlag = z.string().transform((given, context): RuntimeChoice => {
  const names = given.split(",");
  const unknown = names.filter((name) => !runtimeByName.has(name));
  const chosen = RuntimeChoice.safeParse(names.map((name) => runtimeByName.get(name)));
  if (chosen.success) return names.length === 1 ? firstRuntime(chosen.data) : chosen.data;
  const problem =
    unknown.length > 0 ? `is not one of ${runtimeNames.join(", ")}` : "must name each runtime once";
  context.addIssue(problem);
  return "Local";
});

const positive = z.coerce.number().positive();

/** The options of `coditect run` and `resume`, as on the command line. */
export const RunFlags = z.object({
  task: z.string().optional(),
  workspace: z.string().optional(),
  provider: z.enum(providerNames).optional(),
  model: z.string().min(1).optional(),
  endpoint: z
    .string()
    .transform((given, context) => {
      const address = readAddress(given);
      if (address === null) context.addIssue("is not an address, such as http://127.0.0.1:8080");
      return address ?? "";
    })
    .optional(),
  effort: Effort.optional(),
  runtime: RuntimeFlag.optional(),
  image: z.string().min(1).optional(),
  apply: z.boolean().default(false),
  /** Paths of marked files. `--apply` alone leaves them out. */
  applyAlso: z.array(z.string()).default([]),
  json: z.boolean().default(false),
  /** FILE of `--output sarif=FILE`. */
  output: z.string().optional(),
  maxCost: z.coerce.number().nonnegative().optional(),
  maxTokens: positive.int().optional(),
  timeout: positive.int().optional(),
  attempts: z.coerce.number().pipe(Attempts).optional(),
  testCommand: z.string().min(1).optional(),
  testReport: z.string().min(1).optional(),
  unconfined: z.enum(unconfinedAnswers).optional(),
  /** Omitted: the information of the CI service about the change decides. */
  untrusted: z.boolean().optional(),
  /** The hash of the `.coditect/` folder that may be used. */
  allowConfiguration: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "is not the hash that a run has named")
    .optional(),
  /** The hash of the set of tools that an agent may use. */
  allowExposure: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "is not the hash that a run has named")
    .optional(),
  /** The hash of other tools' files whose MCP servers may be used. */
  allowMcpFiles: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "is not the hash that a run has named")
    .optional(),
  /** The hash of the changed tools of an MCP server that may be used. */
  allowMcpTools: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "is not the hash that a run has named")
    .optional(),
  /** Environment files that tests may read, relative to the workspace. */
  allowFile: z.array(z.string().min(1)).default([]),
  strict: z.boolean().default(false),
  /** Commander's form of `--no-lessons`. */
  lessons: z.boolean().default(true),
  /** Every `--set KEY=VALUE`. */
  set: z.array(z.string()).default([]),
  /** The value of `--no-embeddings`. */
  embeddings: z.boolean().default(true),
  /** The revision of `--diff`. */
  diff: z
    .string()
    .regex(/^[\w@][\w./@{}~^-]*$/, "is not a revision of git")
    .optional(),
  /** `--lines 10-20`, or one line. */
  lines: z
    .string()
    .regex(/^[1-9]\d*(-[1-9]\d*)?$/, "must be FIRST-LAST, such as 10-20")
    .transform((text) => {
      const [start_line = 1, end_line = start_line] = text.split("-").map(Number);
      return { start_line, end_line };
    })
    .refine(({ start_line, end_line }) => start_line <= end_line, "ends before it begins")
    .optional(),
  /** Replaces the instruction of a stage that is retried. */
  prompt: z.string().min(1).optional(),
});
export type RunFlags = z.infer<typeof RunFlags>;

/** Parses flags. If a flag is wrong, the `usage` error names it as it is written. */
export const parseFlagsAs = <Flags extends z.ZodObject>(schema: Flags, flags: unknown): z.infer<Flags> => {
  const parsed = schema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const [problem] = problemsOf(parsed.error);
  const option = String(problem?.path[0] ?? "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw fail("usage", { problem: `--${option} ${problem?.says ?? "is not valid"}.` });
};

/** Flags of `run` and similar commands. */
export const parseRunFlags = (flags: unknown): RunFlags => {
  const parsed = parseFlagsAs(RunFlags, flags);
  if (parsed.diff !== undefined && parsed.lines !== undefined)
    throw fail("usage", { problem: "--diff and --lines exclude each other." });
  return parsed;
};

export type Asked = Exclude<ProviderChoice, "rehearsal">;

/** The documented names of the values of `--provider`. */
export const providerByChoice = {
  claude: "Claude",
  gemini: "Gemini",
  ollama: "Ollama",
  huggingface: "HuggingFace",
} as const satisfies Record<Asked, ProviderName>;

/** The address of Ollama. Error: `usage` if its variable does not contain an address. */
const ollamaEndpoint = ({ OLLAMA_HOST = "" }: NodeJS.ProcessEnv): string => {
  const address = readOllamaHost(OLLAMA_HOST);
  if (address === null) throw malformedAddress("OLLAMA_HOST");
  return address;
};

/** The address in `ANTHROPIC_BASE_URL`; undefined if it is not set, null if it is not an address. */
const claudeAddress = ({ ANTHROPIC_BASE_URL = "" }: NodeJS.ProcessEnv): string | null | undefined =>
  ANTHROPIC_BASE_URL.trim() === "" ? undefined : readAddress(ANTHROPIC_BASE_URL);

const providerOf = (
  choice: Asked,
  { model, endpoint }: Pick<RunFlags, "model" | "endpoint">,
  environment: NodeJS.ProcessEnv,
): AIProvider => {
  // Ollama has one model for all roles, and the user may not know another name for it.
  const name = model ?? (choice === "ollama" ? defaultModels.Ollama : BY_ROLE);
  switch (choice) {
    case "claude":
      if (endpoint === undefined && claudeAddress(environment) === null)
        throw malformedAddress("ANTHROPIC_BASE_URL");
      return { Claude: { model: name, max_tokens: ANSWER_CEILING } };
    case "gemini":
      return { Gemini: { model: name, max_tokens: ANSWER_CEILING } };
    case "huggingface":
      return { HuggingFace: { model: name, api_key: "secret:huggingface" } };
    case "ollama":
      return { Ollama: { model: name, endpoint: withoutLogin(endpoint ?? ollamaEndpoint(environment)) } };
  }
};

/** The provider whose key is in the environment. Without a key, the provider that needs none. */
const providerOfEnvironment = (environment: NodeJS.ProcessEnv): Asked => {
  if (keyVariableIn(environment, "Claude") !== null) return "claude";
  if (keyVariableIn(environment, "Gemini") !== null) return "gemini";
  if (keyVariableIn(environment, "HuggingFace") !== null) return "huggingface";
  return "ollama";
};

/** The provider of all agents. Null if each agent has its own, or for `rehearsal`, which starts first. */
export const chosenProvider = (flags: RunFlags, environment: NodeJS.ProcessEnv): AIProvider | null => {
  if (flags.provider === "rehearsal") return null;
  if (flags.provider !== undefined) return providerOf(flags.provider, flags, environment);
  if (flags.model === undefined && flags.endpoint === undefined) return null;
  throw fail("usage", { problem: "--model and --endpoint need --provider." });
};

/**
 * Settings from the environment, for settings that neither the user's file nor flags contain. A variable that
 * cannot be used stops only the commands that use its provider.
 */
export const guessedSettings = (environment: NodeJS.ProcessEnv): SettingsInput => {
  const ollama = readOllamaHost(environment.OLLAMA_HOST ?? "") ?? addressOfMalformed("OLLAMA_HOST");
  const address = claudeAddress(environment);
  const claude = address === null ? addressOfMalformed("ANTHROPIC_BASE_URL") : address;
  return {
    provider: providerOf(providerOfEnvironment(environment), { endpoint: ollama }, environment),
    endpoints: { ...(claude !== undefined && { Claude: claude }), Ollama: ollama },
  };
};

/** A value on the command line: JSON, otherwise a text. */
export const valueOf = (text: string): Json => {
  try {
    return Json.parse(JSON.parse(text));
  } catch {
    return text;
  }
};

/** Settings of `--set KEY=VALUE`, nested as in a file. Error: `unknown_setting`, `usage`. */
const namedSettings = (assignments: readonly string[]): Record<string, unknown> => {
  const values: SettingValues = {};
  for (const assignment of assignments) {
    const [key = "", ...value] = assignment.split("=");
    if (value.length === 0) throw fail("usage", { problem: `--set ${assignment}: write KEY=VALUE.` });
    if (!isSettingKey(key)) throw fail("unknown_setting", { key });
    values[key] = valueOf(value.join("="));
  }
  const nested = nestSettings(values);
  const parsed = parseGiven(Settings, nested);
  if ("problems" in parsed) throw fail("usage", { problem: `--set: ${parsed.problems}` });
  return nested;
};

type SettingFlags = Partial<
  Pick<
    RunFlags,
    | "provider"
    | "endpoint"
    | "effort"
    | "strict"
    | "testReport"
    | "lessons"
    | "embeddings"
    | "unconfined"
    | "set"
  >
>;

/** Settings of the runtime from the flags of a command. */
export const settingsOf = (flags: SettingFlags): SettingsInput => {
  const named = namedSettings(flags.set ?? []);
  const { provider, endpoint } = flags;
  const isAddressed = provider !== undefined && provider !== "rehearsal" && endpoint !== undefined;
  const endpoints = isAddressed ? { [providerByChoice[provider]]: endpoint } : {};
  const addressed = typeof named.endpoints === "object" ? named.endpoints : {};
  return {
    ...named,
    endpoints: { ...addressed, ...endpoints },
    ...(flags.strict === true && { strict: true }),
    ...(flags.testReport !== undefined && { test_report: flags.testReport }),
    ...(flags.lessons === false && { lessons: false }),
    ...(flags.embeddings === false && { context_embeddings: false }),
    ...(flags.effort !== undefined && { effort: flags.effort }),
    ...(flags.unconfined !== undefined && { unconfined: flags.unconfined }),
  };
};

/** Options of the run. `provider`: the resolved provider, which can be the rehearsal. */
export const runOptionsOf = (flags: RunFlags, provider: AIProvider | null): Partial<RunOptions> => ({
  ...(provider !== null && { provider }),
  ...(flags.runtime !== undefined && { runtime: flags.runtime }),
  ...(flags.image !== undefined && { image: flags.image }),
  ...((flags.maxCost !== undefined || flags.maxTokens !== undefined) && {
    limits: {
      tokens_per_execution: null,
      tokens_per_run: flags.maxTokens ?? null,
      tokens_per_day: null,
      cost_per_execution: null,
      cost_per_run: flags.maxCost ?? null,
      cost_per_day: null,
    },
  }),
  ...(flags.attempts !== undefined && { attempts: flags.attempts }),
  ...(flags.timeout !== undefined && { timeout_seconds: flags.timeout }),
  ...(flags.testCommand !== undefined && { test_command: flags.testCommand }),
});

/** This process as the origin of a run. A CI job can name the trace that it is part of. */
export const processOrigin = (command: string, environment: NodeJS.ProcessEnv): RunOrigin => ({
  ...commandOrigin(`coditect ${command}`, readTraceContext(environment.TRACEPARENT, environment.TRACESTATE)),
  at: new Date(performance.timeOrigin).toISOString(),
});
