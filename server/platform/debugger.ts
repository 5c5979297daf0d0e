/**
 * Keeps Node from opening its debugger on SIGUSR1: any process of this user could then run code in ours,
 * also where the system lets none of them look into our memory.
 */
export const keepDebuggerClosed = (): void => {
  process.on("SIGUSR1", () => undefined);
};
