import type { AIProvider } from "../../schemas/agent.ts";
import { askOnce } from "./ask-once.ts";
import type { PullProgress } from "./gateway.ts";
import type { KeysOf } from "./keys.ts";
import { targetOf, type Endpoints } from "./targets.ts";
import type { Connections } from "./connections.ts";

/** A large model over a slow line takes hours; only silence means that the pull is stuck. */
const DEADLINES = { firstByte: 60_000, silence: 120_000, total: 24 * 3600_000 };

/** Ollama reports its progress many times a second; only a new step or percentage is passed on. */
const whenItMoves = (tell: (progress: PullProgress) => void): ((progress: PullProgress) => void) => {
  let last = "";
  return (progress) => {
    const { status, completed, total } = progress;
    const now = `${status} ${total === 0 ? 0 : Math.floor((100 * completed) / total)}`;
    if (now === last) return;
    last = now;
    tell(progress);
  };
};

/** Pulls the model of an Ollama provider; resolves when it is complete. */
export const pull = async (
  provider: AIProvider,
  signal: AbortSignal,
  tell: (progress: PullProgress) => void,
  {
    keysOf,
    endpoints,
    connections,
    now,
  }: {
    keysOf: KeysOf;
    endpoints: Endpoints;
    connections: Connections;
    now: () => number;
  },
): Promise<void> => {
  const to = targetOf(provider, endpoints);
  const { pullModel } = await import("./providers/ollama.ts");
  const [key = null] = await keysOf(to);
  const options = { to, key, connections, deadlines: DEADLINES, signal, now };
  await askOnce(options, (transport) => pullModel({ to, key, transport }, whenItMoves(tell)));
};
