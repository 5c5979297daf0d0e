/** A value that is created when first needed, and created again after a failure or `drop`. */
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

  /** The value; null if it was not created or that failed. */
  async present(): Promise<Value | null> {
    return (await this.#made?.catch(() => null)) ?? null;
  }
}
