import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";

/**
 * A process of its own that asks a server, so that its work is not measured with the server's. Its
 * parent sends one job: `requests` gets over a few connections, or that many `listeners` of an event
 * stream that each read `events`. It answers `"ready"` once all listeners are connected, and in the end
 * with the milliseconds that it took.
 */
interface Job {
  url: string;
  token: string;
  requests?: number;
  listeners?: number;
  events?: number;
}

const CONNECTIONS = 8;

const open = ({ url, token }: Job, agent: Agent): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${token}` } }, resolve).on("error", reject);
  });

const read = async (response: IncomingMessage): Promise<void> => {
  await once(response.resume(), "end");
};

const ask = async (job: Job): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let left = job.requests ?? 0;
  const started = performance.now();
  const lane = async (): Promise<void> => {
    while (left-- > 0) await read(await open(job, agent));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return performance.now() - started;
};

const listen = async (job: Job): Promise<number> => {
  const agent = new Agent({ maxSockets: Infinity });
  const streams = await Promise.all(Array.from({ length: job.listeners ?? 0 }, () => open(job, agent)));
  process.send?.("ready");
  const started = performance.now();
  await Promise.all(
    streams.map(async (stream) => {
      let left = job.events ?? 0;
      for await (const chunk of stream) {
        left -= String(chunk).split("\ndata: ").length - 1;
        if (left <= 0) return;
      }
      throw new Error("a stream ended early");
    }),
  );
  return performance.now() - started;
};

process.on("message", (job: Job) => {
  void (job.listeners === undefined ? ask(job) : listen(job)).then((took) => process.send?.(took));
});
process.on("disconnect", () => process.exit(0));
