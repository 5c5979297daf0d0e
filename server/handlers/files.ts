import { fail } from "../../schemas/errors.ts";
import type { ReceivedFiles } from "../transfer/received-files.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";

/** Error: `no_file_transfer` for a runtime that works on its own folder. */
const required = (received: ReceivedFiles | null): ReceivedFiles => {
  if (received === null) throw fail("no_file_transfer", {});
  return received;
};

/** The files of a workspace that a client sends. */
export const fileHandlers = ({ received, emit, now }: HandlerContext): HandlersOf<"files"> => ({
  "files/get": () => required(received).state,

  "files/send": async ({ pieces }) => {
    await required(received).receive(pieces);
    return {};
  },

  "files/use": async ({ tree }, _caller, signal) => {
    const files = required(received);
    const { tree: before } = files.state;
    const { missing } = await files.use(tree, signal);
    // Agents and teams of the workspace may be others now.
    if (missing.length === 0 && before !== tree) emit({ type: "configuration.changed", at: now() });
    return { missing };
  },
});
