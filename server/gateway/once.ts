/** Calls `load` with the first use and keeps the result: looking up a module again is not free. */
export const once = <Value>(load: () => Promise<Value>): (() => Promise<Value>) => {
  let loaded: Promise<Value> | null = null;
  return () => (loaded ??= load());
};
