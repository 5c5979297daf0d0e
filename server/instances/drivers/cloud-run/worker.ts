import type { WorkerEnd } from "../driver.ts";
import { endOf, outOfMemory } from "../end.ts";
import { RemoteWorker, type StartedWorker } from "../remote/worker.ts";
import { channels } from "./gateway/protocol.ts";
import type { ContainerSession, ProgramEnd } from "./session.ts";

/** How a shell reports that a signal ended its child. */
const KILLED = 137;

/** A container with a started worker, and the options that it was started with. */
export interface StartedContainer extends StartedWorker {
  session: ContainerSession;
  runtimeId: string;
  region: string;
}

const endOfWorker = ({ code, signal, out_of_memory, words }: ProgramEnd, memoryMb: number): WorkerEnd => {
  const wasKilled = signal === "SIGKILL" || code === KILLED;
  if (out_of_memory && wasKilled) return outOfMemory(memoryMb);
  return endOf(code, signal, words);
};

/** A worker in a container of Cloud Run. */
export class CloudRunWorker extends RemoteWorker {
  readonly ended: Promise<WorkerEnd>;
  readonly #session: ContainerSession;
  readonly #memoryMb: number;
  #reason: WorkerEnd | null = null;

  constructor(started: StartedContainer) {
    super(started.runtimeId, started.region, started);
    this.#session = started.session;
    this.#memoryMb = started.memoryMb;
    this.ended = this.#whenEnded();
  }

  async kill(reason: WorkerEnd): Promise<WorkerEnd> {
    this.#reason ??= reason;
    await this.#session.close(reason.how);
    return this.ended;
  }

  async #whenEnded(): Promise<WorkerEnd> {
    const session = this.#session;
    const end = await Promise.race([
      session.end(channels.worker).then((ended) => endOfWorker(ended, this.#memoryMb)),
      session.over.then((how): WorkerEnd => ({ kind: "exited", how })),
    ]);
    const reason = this.#reason ?? end;
    await session.close(reason.how);
    return reason;
  }
}
