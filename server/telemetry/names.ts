import type { TestReport } from "../../schemas/tests.ts";

/**
 * Names of OpenTelemetry's conventions, first of all those for generative AI, as of version 1.45. A test
 * compares them with the published registry. What the conventions have no name for begins with
 * `coditect.`.
 */
export const names = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  responseModel: "gen_ai.response.model",
  conversation: "gen_ai.conversation.id",
  workflow: "gen_ai.workflow.name",
  agentName: "gen_ai.agent.name",
  toolName: "gen_ai.tool.name",
  toolType: "gen_ai.tool.type",
  firstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cacheRead: "gen_ai.usage.cache_read.input_tokens",
  cacheCreation: "gen_ai.usage.cache_creation.input_tokens",
  reasoning: "gen_ai.usage.reasoning.output_tokens",
  tokenType: "gen_ai.token.type",
  systemInstructions: "gen_ai.system_instructions",
  inputMessages: "gen_ai.input.messages",
  outputMessages: "gen_ai.output.messages",
  evaluationName: "gen_ai.evaluation.name",
  evaluationLabel: "gen_ai.evaluation.score.label",
  evaluationValue: "gen_ai.evaluation.score.value",
  errorType: "error.type",
  httpMethod: "http.request.method",
  httpRoute: "http.route",
  testStatus: "test.suite.run.status",
} as const;

export const eventNames = { evaluation: "gen_ai.evaluation.result" } as const;

export const metricNames = {
  tokens: "gen_ai.client.token.usage",
  duration: "gen_ai.client.operation.duration",
} as const;

/** The conventions' names of providers; a provider that has none keeps its own. */
const providers: Readonly<Record<string, string>> = { Claude: "anthropic", Gemini: "gcp.gemini" };

export const providerName = (name: string): string => providers[name] ?? name.toLowerCase();

/** How a run of tests went, in the conventions' words. */
export const testStatuses: Readonly<Record<TestReport["outcome"], string>> = {
  passed: "success",
  failed: "failure",
  load_error: "failure",
  no_tests: "skipped",
  timed_out: "timed_out",
  crashed: "aborted",
};
