import type { Tools } from "../../server/tools/tools-api.ts";

/** For executions that are offered no tool outside of their instance. */
export const noTools: Tools = {
  offers: () => Promise.resolve([]),
  call: ({ definition }) =>
    Promise.resolve({ content: `There is no tool ${definition.name}.`, is_error: true }),
  close: () => Promise.resolve(),
};
