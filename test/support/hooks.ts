import type { Hooks } from "../../server/hooks/hooks-api.ts";

/** The hooks of a workspace that has none. */
export const noHooks: Hooks = {
  has: () => false,
  admit: () => undefined,
  run: () => Promise.resolve(null),
  close: () => Promise.resolve(),
};
