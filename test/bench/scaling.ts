import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ArrivalForecast } from "../../server/instances/pool/arrivals.ts";
import { desiredInstances, type Demand } from "../../server/instances/pool/scaling.ts";
import type { Report } from "./report.ts";

/** A claim: when it comes, and how long it works, in seconds. */
type Claim = readonly [at: number, service: number];

const SIZE = { minimum: 0, target: 0, maximum: 20 };
const IDLE_SECONDS = 600;
const STEP = 0.1;
const HOUR = 3600;
/** A pod whose image is there; a container takes 0.6 s, a local process 0.2 s. */
const START_SECONDS = 5;

/** The same numbers in every run (mulberry32). */
const randomNumbers = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
};

/** Claims at a rate that changes with time, each for about `service` seconds. */
const poisson = (perMinute: (second: number) => number, service: number, seed: number): Claim[] => {
  const random = randomNumbers(seed);
  const claims: Claim[] = [];
  for (let second = 0; second < 2 * HOUR; second += STEP)
    if (random() < (perMinute(second) / 60) * STEP) claims.push([second, -Math.log(1 - random()) * service]);
  return claims;
};

const bursts = (): Claim[] =>
  Array.from({ length: 12 }, (_, burst) =>
    Array.from({ length: 8 }, (__, index): Claim => [burst * 600 + index * 0.5, 20]),
  ).flat();

const recorded = (): Claim[] => {
  const file = readFileSync(join(import.meta.dirname, "traces", "thirty-runs.json"), "utf8");
  return z.array(z.tuple([z.number(), z.number()])).parse(JSON.parse(file));
};

type Rule = (demand: Demand & { times: readonly number[] }, now: number) => number;

const forecastRule: Rule = (demand, now) => desiredInstances(SIZE, demand, now);

/** The mean rate of the last minute, and nothing ahead of it. */
const lastMinuteRule: Rule = ({ times, meanSeconds, working, queued }, now) => {
  const recent = times.filter((at) => now - at <= 60_000).length;
  const expected = recent < 2 ? 0 : Math.ceil((recent / 60) * meanSeconds);
  return Math.min(SIZE.maximum, Math.max(working + queued, expected));
};

/** Starts one when it is claimed, and never ahead. */
const onDemandRule: Rule = ({ working, queued }) => Math.min(SIZE.maximum, working + queued);

interface Outcome {
  /** Mean seconds from claim to start of work. */
  wait: number;
  /** Seconds that instances were idle or starting, for each second of work. */
  idle: number;
}

interface Simulated {
  readyAt: number;
  busyUntil: number;
  idleSince: number;
}

/** A pool of one kind in simulated time: fills up to what the rule wants, ends what was idle for long. */
const simulate = (claims: readonly Claim[], rule: Rule): Outcome => {
  const arrivals = new ArrivalForecast();
  const times: number[] = [];
  const queue: Claim[] = [];
  let pool: Simulated[] = [];
  let [waited, spent, next, meanSeconds] = [0, 0, 0, 0];
  const work = claims.reduce((sum, [, service]) => sum + service, 0);
  for (let now = 0; next < claims.length || queue.length > 0; now += STEP) {
    for (let claim = claims[next]; claim !== undefined && claim[0] <= now; claim = claims[next]) {
      arrivals.add(now * 1000);
      times.push(now * 1000);
      queue.push(claim);
      next += 1;
    }
    for (const one of pool) {
      if (one.readyAt > now || one.busyUntil > now) continue;
      const claim = queue.shift();
      if (claim === undefined) break;
      waited += now - claim[0];
      one.busyUntil = now + claim[1];
      one.idleSince = one.busyUntil;
      meanSeconds = meanSeconds === 0 ? claim[1] : meanSeconds * 0.7 + claim[1] * 0.3;
    }
    const working = pool.filter(({ busyUntil }) => busyUntil > now).length;
    const demand = {
      arrivals,
      times,
      meanSeconds,
      startSeconds: START_SECONDS,
      working,
      queued: queue.length,
    };
    const desired = rule(demand, now * 1000);
    while (pool.length < desired)
      pool.push({ readyAt: now + START_SECONDS, busyUntil: 0, idleSince: now + START_SECONDS });
    let surplus = pool.length - desired;
    pool = pool.filter(({ busyUntil, idleSince }) => {
      const mayEnd = busyUntil <= now && now - idleSince > IDLE_SECONDS && surplus > 0;
      if (mayEnd) surplus -= 1;
      return !mayEnd;
    });
    spent += pool.length * STEP;
  }
  return { wait: waited / claims.length, idle: (spent - work) / work };
};

/** What the forecast of arrivals saves in waiting, and costs in idle instances. */
export default function run({ report }: Report): void {
  const day = (second: number): number => 1 + 11 * Math.sin((Math.PI * second) / (2 * HOUR));
  const traces: Record<string, Claim[]> = {
    "steady, 6 a minute": poisson(() => 6, 30, 1),
    "rising and falling, up to 12 a minute": poisson(day, 30, 2),
    "8 at once, every 10 minutes": bursts(),
    "recorded: 30 runs at once": recorded(),
  };
  for (const [name, claims] of Object.entries(traces)) {
    const [forecast, lastMinute, onDemand] = [forecastRule, lastMinuteRule, onDemandRule].map((rule) =>
      simulate(claims, rule),
    );
    if (forecast === undefined || lastMinute === undefined || onDemand === undefined) return;
    report({
      ...{ name: `mean wait, ${name}`, value: forecast.wait * 1000, unit: "ms" },
      against: { name: "the last minute's rate", value: lastMinute.wait * 1000 },
      goal: `no longer; only on demand: ${Math.round(onDemand.wait * 1000)} ms`,
      holds: forecast.wait <= lastMinute.wait,
    });
    report({
      ...{ name: `idle time per time of work, ${name}`, value: forecast.idle * 100, unit: "%" },
      against: { name: "the last minute's rate", value: lastMinute.idle * 100 },
      goal: "",
      holds: null,
    });
  }
}
