/** When the parts of a start were done, in milliseconds since it began. */
export class StartTimes {
  readonly #begun = performance.now();
  readonly parts: Record<string, number> = {};

  /** Notes when the work is done. */
  async of<Result>(part: string, work: Promise<Result>): Promise<Result> {
    const result = await work;
    this.parts[part] = Math.round(performance.now() - this.#begun);
    return result;
  }
}
