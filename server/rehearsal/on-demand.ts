import type { AIProvider } from "../../schemas/agent.ts";
import type { RehearsalServer } from "./server.ts";

/** The scripted model, started when it is first needed. */
export class RehearsalOnDemand {
  #server: Promise<RehearsalServer> | null = null;

  /** The provider that asks it. */
  async start(): Promise<AIProvider> {
    const { rehearsalProvider, startBuiltInRehearsal } = await import("./built-in.ts");
    this.#server ??= startBuiltInRehearsal();
    return rehearsalProvider(await this.#server);
  }

  async close(): Promise<void> {
    await (await this.#server)?.close();
  }
}
