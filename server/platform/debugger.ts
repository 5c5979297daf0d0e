/**
 * Keeps Node from opening its debugger on SIGUSR1. Otherwise any process of this user could run code in
 * ours, even where the system lets none of them read our memory.
 */
export const keepDebuggerClosed = (): void => {
  process.on("SIGUSR1", () => undefined);
};
