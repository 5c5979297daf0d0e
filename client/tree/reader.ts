import type { RuntimeClient } from "../runtime/api.ts";
import type { Touch } from "./fold.ts";
import { loadAgents, loadRun, loadRuns } from "./load.ts";
import type { Model } from "./model.ts";

const PAGE = 50;

/**
 * Reads the runtime's records into the model of the sidebar. Two simultaneous reads of the same record become
 * one.
 */
export class RecordReader {
  readonly #runtime: RuntimeClient;
  readonly #model: Model;
  readonly #touch: Touch;
  readonly #reading = new Map<string, Promise<void>>();

  constructor(runtime: RuntimeClient, model: Model, touch: Touch) {
    this.#runtime = runtime;
    this.#model = model;
    this.#touch = touch;
  }

  /** The newest runs of a folder, and its agents with their instances. */
  folder(folder: string): Promise<void> {
    return this.#once(folder, async () => {
      await this.#runs(folder, {});
      await this.#agents(folder);
    });
  }

  agents(folder: string): Promise<void> {
    return this.#once(`agents of ${folder}`, () => this.#agents(folder));
  }

  run(folder: string, taskId: string): Promise<void> {
    return this.#once(taskId, () => this.#run(folder, taskId));
  }

  /** The next page of runs of every folder that has more. */
  async more(): Promise<void> {
    for (const [folder, cursor] of this.#model.cursors)
      if (cursor !== null) await this.#runs(folder, { cursor });
  }

  #once(key: string, read: () => Promise<void>): Promise<void> {
    const reading = this.#reading.get(key) ?? read().finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  async #runs(folder: string, page: { cursor?: string }): Promise<void> {
    const answer = await this.#runtime.call("runs/list", { limit: PAGE, ...page }, folder);
    loadRuns(this.#model, folder, answer, this.#touch);
  }

  async #agents(folder: string): Promise<void> {
    const [agents, instances] = await Promise.all([
      this.#runtime.call("agents/list", { limit: 500 }, folder),
      this.#runtime.call("instances/list", { active: true, limit: 500 }, folder),
    ]);
    loadAgents(this.#model, folder, agents.items, instances.items, this.#touch);
  }

  async #run(folder: string, task_id: string): Promise<void> {
    const [details, findings, changes] = await Promise.all([
      this.#runtime.call("runs/get", { task_id }, folder),
      this.#runtime.call("findings/list", { task_id, limit: 500 }, folder),
      // A run has no change set before an agent changed something.
      this.#runtime.call("changes/get", { task_id }, folder).catch(() => null),
    ]);
    const records = { details, findings: findings.items, changes: changes?.change_set.files ?? [] };
    loadRun(this.#model, folder, records, this.#touch);
  }
}
