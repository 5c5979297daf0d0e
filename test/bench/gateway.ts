import Anthropic from "@anthropic-ai/sdk";
import { fork } from "node:child_process";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { z } from "zod";
import { createGateway } from "../../server/gateway/create.ts";
import type { Charge } from "../../server/gateway/gateway.ts";
import { strictest } from "../../server/gateway/limits.ts";
import { newAgent } from "../../server/models/agent.ts";
import { median, percentile, type Report } from "./report.ts";

/** One streamed call; `onText` gets each piece as it comes. */
type Ask = (onText: (text: string) => void, signal: AbortSignal) => Promise<void>;
type MakeAsk = (baseUrl: string) => Ask;

const prompt = "Write a function that adds two numbers.";
const model = "claude-sonnet-5-5";

const bareClient: MakeAsk = (baseURL) => {
  const client = new Anthropic({ apiKey: "key", baseURL, maxRetries: 0 });
  return async (onText, signal) => {
    const body = { model, max_tokens: 1000, messages: [{ role: "user" as const, content: prompt }] };
    for await (const event of await client.messages.create({ ...body, stream: true }, { signal }))
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") onText(event.delta.text);
  };
};

const ourGateway: MakeAsk = (baseUrl) => {
  const ledger = { used: () => ({ tokens: 0, cost_microcents: 0 }), record: () => Promise.resolve() };
  const gateway = createGateway({
    ledger,
    credentials: { keys: () => Promise.resolve(["key"]) },
    endpoints: { Claude: baseUrl },
  });
  const provider = { Claude: { model, max_tokens: 1000 } };
  const made = { tenant_id: "bench", name: "Bench", agent_type: "Coder" as const, provider };
  const charge: Charge = {
    execution_id: "bench",
    task_id: "bench",
    agent: newAgent(made, "2026-01-01T00:00:00.000Z"),
    provider: null,
    limits: strictest({ ...strictest(), tokens_per_day: 1_000_000_000, cost_per_run: 1000 }),
  };
  const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: prompt }] }];
  const request = { system: "", messages, tools: [], temperature: 0.2, max_tokens: 1000 };
  return async (onText, signal) => {
    await gateway.generate(request, charge, {
      signal,
      tell: (told) => {
        if (told.type === "text") onText(told.text);
      },
    });
  };
};

const AiSdk = z.object({
  streamText: z.custom<(options: object) => { textStream: AsyncIterable<string> }>(
    (value) => typeof value === "function",
  ),
});
const AiSdkAnthropic = z.object({
  createAnthropic: z.custom<(options: object) => (model: string) => object>(
    (value) => typeof value === "function",
  ),
});

/** The Vercel AI SDK, where `npm install` was run in this folder; else null. */
const loadAiSdk = async (): Promise<MakeAsk | null> => {
  const names = ["ai", "@ai-sdk/anthropic"];
  try {
    const [ai, anthropic] = await Promise.all(names.map((name) => import(name) as Promise<unknown>));
    const { streamText } = AiSdk.parse(ai);
    const { createAnthropic } = AiSdkAnthropic.parse(anthropic);
    return (baseUrl) => {
      const provider = createAnthropic({ apiKey: "key", baseURL: `${baseUrl}/v1` });
      return async (onText, abortSignal) => {
        const settings = {
          model: provider(model),
          prompt,
          maxRetries: 0,
          maxOutputTokens: 1000,
          abortSignal,
        };
        for await (const text of streamText(settings).textStream) onText(text);
      };
    };
  } catch {
    return null;
  }
};

interface Sample {
  /** Milliseconds of each call that the server did not take: until it was asked, and after its last piece. */
  calls: number[];
  /** Milliseconds from the server's write to the subscriber, of each first piece. */
  firstPieces: number[];
}

const millisecondsSince = (moment: bigint): number => Number(process.hrtime.bigint() - moment) / 1e6;

/** The moments a piece of the server names; several pieces in one name those of the first. */
const momentsOf = (text: string): [received: bigint, written: bigint] => {
  const [received = "0", written = "0"] = (text.split(";")[0] ?? "").split(":");
  return [BigInt(received), BigInt(written)];
};

/** So many streams at once, begun one after the other within `spreadMs`, as calls come in life. */
const measure = async (ask: Ask, concurrent: number, calls: number, spreadMs: number): Promise<Sample> => {
  const sample: Sample = { calls: [], firstPieces: [] };
  const { signal } = new AbortController();
  const one = async (): Promise<void> => {
    const started = process.hrtime.bigint();
    const pieces: string[] = [];
    await ask((text) => {
      if (pieces.push(text) === 1) sample.firstPieces.push(millisecondsSince(momentsOf(text)[1]));
    }, signal);
    const [received] = momentsOf(pieces.at(0) ?? "");
    const [, written] = momentsOf(pieces.at(-1) ?? "");
    sample.calls.push(Number(received - started) / 1e6 + millisecondsSince(written));
  };
  let left = calls;
  const lane = async (_: unknown, index: number): Promise<void> => {
    await sleep((index * spreadMs) / concurrent);
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: concurrent }, lane));
  return sample;
};

/** Rounds in turn, so that what else the machine does falls on all alike; each one's rounds. */
const measureInTurn = async (
  asks: readonly Ask[],
  { streams, calls, spreadMs }: { streams: number; calls: number; spreadMs: number },
): Promise<Sample[][]> => {
  const rounds: Sample[][] = asks.map(() => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [index, ask] of asks.entries()) {
      const sample = await measure(ask, streams, calls, spreadMs);
      if (round > 0) rounds[index]?.push(sample); // The first round warms up.
    }
  return rounds;
};
const ROUNDS = 4;

/** Of the round that was disturbed least. */
const undisturbed = (rounds: readonly Sample[], of: (sample: Sample) => number): number =>
  Math.min(...rounds.map(of));

/** Twenty pieces each: at once for one stream; for many one every 40 ms, as models stream them. */
const PIECES = 20;
const loads = [
  { streams: 1, pauseMs: 0, calls: 100 },
  { streams: 50, pauseMs: 40, calls: 150 },
  { streams: 200, pauseMs: 40, calls: 400 },
];

const latency = async (url: string, others: MakeAsk | null, out: Report): Promise<void> => {
  for (const { streams, pauseMs, calls } of loads) {
    const base = `${url}/${PIECES}/${pauseMs}`;
    const asks = [bareClient(base), ourGateway(base), ...(others === null ? [] : [others(base)])];
    const load = { streams, calls, spreadMs: PIECES * pauseMs };
    const [bare = [], ours = [], other] = await measureInTurn(asks, load);
    const name = streams === 1 ? "1 stream" : `${streams} streams`;
    for (const share of [50, 99]) {
      const of = ({ calls: times }: Sample): number => percentile(times, share);
      const floor = undisturbed(bare, of);
      const value = undisturbed(ours, of) - floor;
      out.report({
        name: `added per call, ${name}, ${share === 50 ? "median" : "p99"}`,
        value,
        unit: "ms",
        against:
          other === undefined ? null : { name: "Vercel AI SDK", value: undisturbed(other, of) - floor },
        goal: share === 50 ? "under 0.3 ms more than the bare official client" : "",
        holds: share === 50 ? value < 0.3 : null,
      });
    }
    out.report({
      name: `first byte to event, ${name}, median`,
      value: undisturbed(ours, ({ firstPieces }) => median(firstPieces)),
      unit: "ms",
      against: {
        name: "bare client",
        value: undisturbed(bare, ({ firstPieces }) => median(firstPieces)),
      },
      goal: "",
      holds: null,
    });
  }
};

/** 99 % of the event loop's delays while 200 streams bring a piece every 20 ms, in the better of two rounds. */
const loopDelay = async (ask: Ask): Promise<number> =>
  Math.min(await loopDelayOnce(ask), await loopDelayOnce(ask));

const loopDelayOnce = async (ask: Ask): Promise<number> => {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const asking = measure(ask, 200, 200, 200);
  await sleep(500);
  histogram.enable();
  await asking;
  histogram.disable();
  return histogram.percentile(99) / 1e6;
};

const collectGarbage = (): (() => void) => {
  setFlagsFromString("--expose-gc");
  return z.custom<() => void>((value) => typeof value === "function").parse(runInNewContext("gc"));
};

/** Opens that many streams; resolves when each has brought its first piece, with how to end them. */
const openStreams = async (ask: Ask, streams: number): Promise<() => Promise<void>> => {
  const controller = new AbortController();
  let begun = 0;
  const { promise: allBegun, resolve } = Promise.withResolvers<undefined>();
  const asking = Array.from({ length: streams }, () => {
    let isFirst = true;
    const onText = (): void => {
      if (isFirst && ++begun === streams) resolve(undefined);
      isFirst = false;
    };
    return ask(onText, controller.signal).catch(() => undefined);
  });
  await allBegun;
  return async () => {
    controller.abort();
    await Promise.all(asking);
  };
};

/** What closed connections hold is given back some time after. */
const settle = async (collect: () => void): Promise<void> => {
  for (let round = 0; round < 3; round++) {
    await sleep(200);
    collect();
  }
};

/** Kilobytes each of 200 open streams holds on to. */
const memoryPerStream = async (ask: Ask): Promise<number> => {
  const collect = collectGarbage();
  const streams = 200;
  // What the first streams load stays, and belongs to no stream.
  await (
    await openStreams(ask, streams)
  )();
  collect();
  const before = process.memoryUsage();
  const close = await openStreams(ask, streams);
  await settle(collect);
  const { heapUsed, external } = process.memoryUsage();
  await close();
  return (heapUsed + external - before.heapUsed - before.external) / streams / 1024;
};

/** What the gateway adds to a call, beside the official client alone and another layer over it. */
export default async function run(out: Report): Promise<void> {
  const child = fork(`${import.meta.dirname}/servers/stream-server.ts`);
  const [url] = z
    .tuple([z.string()])
    .rest(z.unknown())
    .parse(await once(child, "message"));
  const aiSdk = await loadAiSdk();
  // First, while nothing else has been given back late.
  const held = `${url}/10/-1`;
  const memory = await memoryPerStream(ourGateway(held));
  const otherMemory = aiSdk === null ? null : await memoryPerStream(aiSdk(held));
  out.report({
    name: "memory per open stream",
    value: memory,
    unit: "KB",
    against: otherMemory === null ? null : { name: "Vercel AI SDK", value: otherMemory },
    goal: "",
    holds: null,
  });

  await latency(url, aiSdk, out);

  const paced = `${url}/100/20`;
  const delay = await loopDelay(ourGateway(paced));
  const otherDelay = aiSdk === null ? null : await loopDelay(aiSdk(paced));
  out.report({
    name: "event loop delay with 200 streams, p99",
    value: delay,
    unit: "ms",
    against: otherDelay === null ? null : { name: "Vercel AI SDK", value: otherDelay },
    goal: "under 10 ms",
    holds: delay < 10,
  });

  child.disconnect();
}
