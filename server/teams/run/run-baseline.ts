import { TestReport } from "../../../schemas/tests.ts";
import type { Store } from "../../store/store.ts";

/** The report of the whole suite on the workspace as it was, measured once for all stages of a run. */
export class RunBaseline {
  readonly #objects: Store["objects"];
  readonly #keep: (hash: string) => Promise<void>;
  #report: TestReport | null = null;
  /** The measurement that a stage waits for; null: none does. */
  #measuring: Promise<TestReport> | null = null;

  /** @param keep stores under which hash the report is kept. */
  constructor(objects: Store["objects"], keep: (hash: string) => Promise<void>) {
    this.#objects = objects;
    this.#keep = keep;
  }

  /** Takes over what was measured before the run was resumed; null: nothing was. */
  async load(hash: string | null): Promise<void> {
    if (hash === null) return;
    const stored = await this.#objects.get(hash);
    this.#report = TestReport.parse(JSON.parse(stored.toString("utf8")));
  }

  /** Null until it is measured. */
  read(): TestReport | null {
    return this.#report;
  }

  /** The report, measured unless it is known; stages that begin together measure it once. */
  async once(measure: () => Promise<TestReport>): Promise<TestReport> {
    // A failure or the end of another stage's measurement is not an answer for this one.
    while (this.#report === null && this.#measuring !== null) await this.#measuring.catch(() => undefined);
    if (this.#report !== null) return this.#report;
    this.#measuring = measure();
    try {
      const report = await this.#measuring;
      this.#report = report;
      await this.#keep(await this.#objects.put(Buffer.from(JSON.stringify(report))));
      return report;
    } finally {
      this.#measuring = null;
    }
  }
}
