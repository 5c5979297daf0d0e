import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { copySample } from "../../../server/rehearsal/built-in.ts";
import { eventNames, metricNames, names } from "../../../server/telemetry/names.ts";
import { runCommand } from "../../support/command.ts";
import { startCollector, type Span } from "./collector.ts";

type Collector = Awaited<ReturnType<typeof startCollector>>;

const registry: ReadonlySet<unknown> = new Set(Object.values(conventions));
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

describe("OpenTelemetry", () => {
  let collector: Collector;
  let folder: string;
  const open = async () => {
    collector = await startCollector();
    folder = await copySample();
  };
  const close = async () => {
    await collector.close();
    await rm(folder, { recursive: true });
  };

  const run = async (...settings: string[]) => {
    const args = ["run", "tdd", "src/bill.js", "--task", "Split it.", "--provider", "rehearsal", "--json"];
    const { exit_code, stderr } = await runCommand(
      [...args, ...settings.flatMap((setting) => ["--set", setting])],
      {
        folder,
        environment: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_SERVICE_NAME: "shop",
          TRACEPARENT: `00-${TRACE}-${PARENT}-01`,
        },
      },
    );
    assert.equal(exit_code, 0, stderr);
    assert.deepEqual(collector.unknown, []);
  };
  const named = (operation: string): Span[] =>
    collector.spans.filter(({ attributes }) => attributes[names.operation] === operation);

  it("uses the names of the conventions", () => {
    for (const name of [...Object.values(names), ...Object.values(eventNames), ...Object.values(metricNames)])
      assert.ok(registry.has(name), name);
  });

  describe("of a run, when it is on", () => {
    before(async () => {
      await open();
      await run("open_telemetry=true");
    });
    after(close);

    it("is one trace: stages, agents, model calls and tools, part of the caller's trace", () => {
      const { spans } = collector;
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      const parentOf = (span: Span) => byId.get(span.parentSpanId);
      assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([TRACE]));
      const [workflow, ...others] = named("invoke_workflow");
      assert.equal(others.length, 0);
      assert.equal(workflow?.name, "invoke_workflow tdd");
      const command = parentOf(workflow);
      assert.equal(command?.name, "coditect run");
      assert.equal(command.parentSpanId, PARENT);
      assert.ok(command.startTimeUnixNano < workflow.startTimeUnixNano);
      for (const agent of named("invoke_agent")) {
        assert.match(parentOf(agent)?.name ?? "", /^stage /);
        assert.equal(parentOf(parentOf(agent) ?? agent), workflow);
      }
      for (const operation of ["chat", "execute_tool"]) {
        assert.ok(named(operation).length > 5, operation);
        for (const span of named(operation))
          assert.equal(parentOf(span)?.attributes[names.operation], "invoke_agent");
      }
      for (const span of spans) assert.ok(span.endTimeUnixNano >= span.startTimeUnixNano, span.name);
      const [chat] = named("chat");
      assert.equal(chat?.kind, 3, "a client's span");
      assert.equal(chat.attributes[names.provider], "ollama");
      assert.ok(Number(chat.attributes[names.inputTokens]) > 0);
      // The rehearsal's first code is wrong: that execution failed at its gate.
      assert.ok(named("invoke_agent").some(({ status }) => status.code === 2));
    });

    it("has nothing but names that the conventions have, or that are marked as ours", () => {
      const { spans, logs, metrics } = collector;
      const points = metrics.flatMap(({ histogram }) => histogram.dataPoints);
      const keys = new Set(
        [...spans, ...logs, ...points].flatMap(({ attributes }) => Object.keys(attributes)),
      );
      for (const key of keys) assert.ok(key.startsWith("coditect.") || registry.has(key), key);
      const operations = new Set(spans.flatMap(({ attributes }) => attributes[names.operation] ?? []));
      for (const operation of operations) assert.ok(registry.has(operation), String(operation));
      // A slow run exports them more than once.
      const exported = new Set(metrics.map(({ name }) => name));
      assert.deepEqual([...exported].sort(), Object.values(metricNames).sort());
      for (const { name } of metrics) assert.ok(registry.has(name), name);
      const proofs = logs.filter(({ eventName }) => eventName === eventNames.evaluation);
      assert.ok(proofs.some(({ attributes }) => attributes[names.evaluationName] === "red"));
      assert.ok(proofs.every(({ traceId }) => traceId === TRACE));
      // Neither prompts nor answers.
      assert.ok(!keys.has(names.inputMessages) && !keys.has(names.outputMessages));
    });
  });

  describe("of another run", () => {
    beforeEach(open);
    afterEach(close);

    it("has prompts and answers only where that was asked for", async () => {
      await run("open_telemetry=true", "open_telemetry_content=true");
      const input = named("invoke_agent").map(({ attributes }) => String(attributes[names.inputMessages]));
      assert.ok(input.some((text) => text.includes("Split it.")));
      assert.ok(named("chat").some(({ attributes }) => attributes[names.outputMessages] !== undefined));
    });

    it("is nothing unless it is on", async () => {
      await run();
      assert.deepEqual([...collector.spans, ...collector.logs, ...collector.metrics], []);
    });
  });
});
