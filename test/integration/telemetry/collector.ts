import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { z } from "zod";

const Value = z.looseObject({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
});
const Attributes = z
  .array(z.looseObject({ key: z.string(), value: Value }))
  .default([])
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value }) => {
        const { stringValue, intValue, doubleValue, boolValue } = value;
        return [
          key,
          stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue,
        ];
      }),
    ),
  );
const Span = z.looseObject({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(""),
  name: z.string(),
  kind: z.int(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: Attributes,
  status: z.looseObject({ code: z.int().default(0) }),
});
export type Span = z.infer<typeof Span>;
const Log = z.looseObject({
  eventName: z.string().default(""),
  traceId: z.string().default(""),
  attributes: Attributes,
});
const Metric = z.looseObject({
  name: z.string(),
  unit: z.string().default(""),
  histogram: z.looseObject({
    dataPoints: z.array(z.looseObject({ count: z.coerce.number(), attributes: Attributes })),
  }),
});
/** The items of every list of that name, however deep it is. */
function* found(value: unknown, key: string): Generator {
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    if (name === key && Array.isArray(part)) yield* part;
    else yield* found(part, key);
  }
}

/** A receiver of OTLP over HTTP, as a collector is, that keeps what it gets. */
export const startCollector = async () => {
  const spans: Span[] = [];
  const logs: z.infer<typeof Log>[] = [];
  const metrics: z.infer<typeof Metric>[] = [];
  const unknown: string[] = [];
  const server: Server = createServer((request, response) => {
    void (async () => {
      const body = await json(request);
      const path = request.url ?? "";
      if (path === "/v1/traces") spans.push(...z.array(Span).parse([...found(body, "spans")]));
      else if (path === "/v1/logs") logs.push(...z.array(Log).parse([...found(body, "logRecords")]));
      else if (path === "/v1/metrics") metrics.push(...z.array(Metric).parse([...found(body, "metrics")]));
      else unknown.push(path);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    })().catch((error: unknown) => {
      unknown.push(String(error));
      response.writeHead(400).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    logs,
    metrics,
    unknown,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

/** A collector for each test, to which runtimes that the test starts send, as their environment says. */
export const useCollector = (): { readonly spans: readonly Span[] } => {
  const endpointBefore = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  beforeEach(async () => {
    collector = await startCollector();
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  });
  afterEach(async () => {
    if (endpointBefore === undefined) delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    else process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpointBefore;
    await collector.close();
  });
  return {
    get spans() {
      return collector.spans;
    },
  };
};

/** Names of the spans from one that nobody here sent, by its id, down to this one. */
export const pathOf = (span: Span, spans: readonly Span[]): string[] => {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent === undefined ? [span.parentSpanId] : pathOf(parent, spans)), span.name];
};
