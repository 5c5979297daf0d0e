import { type Logger, type Meter, SeverityNumber } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { readTraceContext } from "../../schemas/trace.ts";
import type { Log, LogLevel } from "../platform/log.ts";
import type { Store } from "../store/store.ts";
import { redactText } from "../workspace/redact.ts";
import { eventNames, metricNames, names, providerName } from "./names.ts";
import type { EndedChat } from "./execution-spans.ts";
import { RunSpans } from "./run-spans.ts";
import { SpanIds, SpanMaker } from "./span-maker.ts";
import type { Traces } from "../executions/traces.ts";

export interface TelemetryParts {
  store: Store;
  environment: NodeJS.ProcessEnv;
  /** Values that never leave this machine. */
  secrets: readonly string[];
  /** Whether prompts and answers may leave it. */
  withContent: boolean;
  version: string;
}

/** Traces, metrics and logs of a runtime, over OTLP. */
export interface Telemetry {
  readonly follow: (event: RuntimeEvent) => void;
  readonly log: Log;
  readonly traces: Traces;
  /** Sends what is left; gives up after a few seconds. */
  close(): Promise<void>;
}

const SHUTDOWN_MS = 5000;

const severities: Readonly<Record<LogLevel, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** Boundaries that the conventions ask for. */
const TOKEN_BUCKETS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];
const SECOND_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/** Which traces are sent, by `OTEL_TRACES_SAMPLER` and its argument; all, unless it says less. */
const samplerOf = ({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }: NodeJS.ProcessEnv): Sampler => {
  const [, parentBased, kind] = /^(parentbased_)?(.*)$/.exec(OTEL_TRACES_SAMPLER ?? "") ?? [];
  const ratio = Number(OTEL_TRACES_SAMPLER_ARG ?? 1);
  const root =
    kind === "always_off"
      ? new AlwaysOffSampler()
      : kind === "traceidratio" && ratio >= 0 && ratio <= 1
        ? new TraceIdRatioBasedSampler(ratio)
        : new AlwaysOnSampler();
  const isParentBased = parentBased !== undefined || OTEL_TRACES_SAMPLER === undefined;
  return isParentBased ? new ParentBasedSampler({ root }) : root;
};

/** The providers of the three signals; `OTEL_TRACES_EXPORTER=none` and its like leave one out. */
const openProviders = ({ environment, version }: TelemetryParts, idGenerator: SpanIds) => {
  const sends = (signal: string): boolean => environment[`OTEL_${signal}_EXPORTER`] !== "none";
  const resource = resourceFromAttributes({
    "service.name": "coditect-agents",
    "service.version": version,
  }).merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
  return {
    traces: new TracerProvider({
      ...{ resource, idGenerator },
      sampler: samplerOf(environment),
      spanProcessors: sends("TRACES") ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : [],
    }),
    metrics: new MeterProvider({
      resource,
      readers: sends("METRICS")
        ? [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })]
        : [],
    }),
    logs: new LoggerProvider({
      resource,
      processors: sends("LOGS") ? [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })] : [],
    }),
  };
};

/** Counts model calls as the conventions ask. */
const countChats = (meter: Meter): ((chat: EndedChat) => void) => {
  const tokens = meter.createHistogram(metricNames.tokens, {
    unit: "{token}",
    advice: { explicitBucketBoundaries: TOKEN_BUCKETS },
  });
  const duration = meter.createHistogram(metricNames.duration, {
    unit: "s",
    advice: { explicitBucketBoundaries: SECOND_BUCKETS },
  });
  return ({ event: { provider, model, usage }, seconds }) => {
    const call = {
      [names.operation]: "chat",
      [names.provider]: providerName(provider),
      [names.requestModel]: model,
      [names.responseModel]: model,
    };
    const input = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h;
    tokens.record(input, { ...call, [names.tokenType]: "input" });
    tokens.record(usage.output, { ...call, [names.tokenType]: "output" });
    duration.record(seconds, call);
  };
};

/** What is no part of the trace itself: proofs of gates, alerts. */
const tellEvent = (event: RuntimeEvent, logger: Logger, spans: RunSpans): void => {
  if (event.type === "gate.proved") {
    const { task_id, execution_id, proof } = event;
    logger.emit({
      eventName: eventNames.evaluation,
      timestamp: new Date(event.at),
      severityNumber: proof.held ? SeverityNumber.INFO : SeverityNumber.WARN,
      context: spans.activeIn(task_id, execution_id),
      attributes: {
        [names.evaluationName]: proof.gate,
        [names.evaluationLabel]: proof.held ? "pass" : "fail",
        [names.evaluationValue]: proof.held ? 1 : 0,
      },
    });
  } else if (event.type === "alert.changed") {
    const { alert, message, status, severity, subject } = event.alert;
    logger.emit({
      eventName: "coditect.alert",
      timestamp: new Date(event.at),
      severityNumber: severity === "critical" ? SeverityNumber.ERROR : SeverityNumber.WARN,
      body: message,
      attributes: { "coditect.alert": alert, "coditect.alert.status": status, "coditect.subject": subject },
    });
  }
};

/**
 * Starts to send. Where to, and how, is for OpenTelemetry's own variables to say
 * (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, …);
 * `TRACEPARENT` makes runs part of a trace that has begun elsewhere, unless who started the run names one.
 */
export const openTelemetry = (parts: TelemetryParts): Telemetry => {
  const { store, environment, secrets, withContent, version } = parts;
  const spanIds = new SpanIds();
  const { traces, metrics, logs } = openProviders(parts, spanIds);
  const scope = "coditect-agents";
  const spans = new RunSpans({
    maker: new SpanMaker(traces.getTracer(scope, version), spanIds),
    parent: readTraceContext(environment.TRACEPARENT, environment.TRACESTATE),
    originOf: (taskId) => store.get("runs", taskId)?.options.started_by,
    inputOf: (executionId) => store.get("executions", executionId)?.input ?? null,
    withContent,
    redact: (text) => redactText(text, secrets),
    onChat: countChats(metrics.getMeter(scope, version)),
  });
  const logger = logs.getLogger(scope, version);
  const shutDown = async (): Promise<void> => {
    spans.close();
    await Promise.allSettled([traces.shutdown(), metrics.shutdown(), logs.shutdown()]);
  };
  return {
    traces: spans,
    follow: (event) => {
      tellEvent(event, logger, spans);
      if ("task_id" in event) spans.follow(event);
    },
    log: (level, message, data) => {
      logger.emit({
        severityNumber: severities[level],
        severityText: level,
        body: redactText(message, secrets),
        attributes: data === undefined ? {} : { "coditect.data": redactText(JSON.stringify(data), secrets) },
      });
    },
    close: async () => {
      const deadline = Promise.withResolvers<undefined>();
      const timer = setTimeout(deadline.resolve, SHUTDOWN_MS, undefined);
      await Promise.race([shutDown(), deadline.promise]);
      clearTimeout(timer);
    },
  };
};
