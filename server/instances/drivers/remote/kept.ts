/** A value that is made when it is first needed and kept; it is made again if that failed or it was dropped. */
export class Kept<Value> {
  readonly #make: () => Promise<Value>;
  #made: Promise<Value> | null = null;

  constructor(make: () => Promise<Value>) {
    this.#make = make;
  }

  get(): Promise<Value> {
    if (this.#made !== null) return this.#made;
    const made = this.#make().catch((error: unknown) => {
      if (this.#made === made) this.#made = null; // It may work the next time.
      throw error;
    });
    this.#made = made;
    return made;
  }

  drop(): void {
    this.#made = null;
  }

  /** What was made; null: nothing was, or it failed. */
  async present(): Promise<Value | null> {
    return (await this.#made?.catch(() => null)) ?? null;
  }
}
