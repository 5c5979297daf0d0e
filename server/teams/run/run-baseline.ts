import { TestReport } from "../../../schemas/tests.ts";
import type { Store } from "../../store/store.ts";

/** The report of the whole suite on the user's workspace. It is measured once for all stages of a run. */
export class RunBaseline {
  readonly #objects: Store["objects"];
  readonly #keep: (hash: string) => Promise<void>;
  #report: TestReport | null = null;
  /** The measurement that stages wait for; null if there is none. */
  #measuring: Promise<TestReport> | null = null;

  /** @param keep stores the hash under which the report is kept. */
  constructor(objects: Store["objects"], keep: (hash: string) => Promise<void>) {
    this.#objects = objects;
    this.#keep = keep;
  }

  /** Loads the report that was measured before the run was resumed; null if none was. */
  async load(hash: string | null): Promise<void> {
    if (hash === null) return;
    const stored = await this.#objects.get(hash);
    this.#report = TestReport.parse(JSON.parse(stored.toString("utf8")));
  }

  /** The report; null until it is measured. */
  read(): TestReport | null {
    return this.#report;
  }

  /** The report. If it is unknown, it is measured once for all stages that wait for it. */
  async once(measure: () => Promise<TestReport>): Promise<TestReport> {
    // The measurement of another stage may fail or be cancelled. This stage then measures again.
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
