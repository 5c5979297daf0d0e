import type { ChildProcess } from "node:child_process";

/** How long the output of a program may stay open after the program has exited. */
const GRACE_MILLISECONDS = 500;

/**
 * Closes the output of a program after its exit. A process that it left running in a session of its own survives the
 * end of the program's group, and holds the pipes open: without this, "close" would come when that process ends.
 */
export const closeLeftPipes = (child: ChildProcess): void => {
  const close = (): void => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  child.once("exit", () => {
    // The immediate runs after what is in the pipes was read, even if the timer was late.
    const timer = setTimeout(() => setImmediate(close), GRACE_MILLISECONDS);
    child.once("close", () => {
      clearTimeout(timer);
    });
  });
};
