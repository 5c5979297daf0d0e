import type { Hooks } from "../../server/hooks/hooks-api.ts";

/** For executions of a workspace without hooks. */
export const noHooks: Hooks = {
  has: () => false,
  admit: () => undefined,
  run: () => Promise.resolve(null),
  close: () => Promise.resolve(),
};
