import { fail } from "../../schemas/errors.ts";
import { type Caller, type HandlerContext, type HandlersOf, refuseOnCopy } from "./context.ts";

/**
 * The user's file holds for every tenant of a server, and a client's own file comes with its files. Errors:
 * `server_only`, `works_on_copy`.
 */
const mayChange = (context: HandlerContext, scope: "user" | "workspace", { remote }: Caller): void => {
  if (scope === "user" && remote !== undefined)
    throw fail("server_only", { what: "A setting of the server's user" });
  if (scope === "workspace")
    refuseOnCopy(context, "Changing this setting", "Change .coditect/settings.json in your workspace.");
};

/** The settings of the runtime, and the files of the user and the workspace that say them. */
export const settingHandlers = (context: HandlerContext): HandlersOf<"settings"> => {
  const { settings, emit, now } = context;
  const changed = () => {
    emit({ type: "configuration.changed", at: now() });
    return { items: settings.list() };
  };
  return {
    "settings/list": () => ({ items: settings.list() }),

    "settings/set": ({ key, value, scope }, caller) => {
      mayChange(context, scope, caller);
      settings.set(scope, key, value);
      return changed();
    },

    "settings/unset": ({ key, scope }, caller) => {
      mayChange(context, scope, caller);
      settings.unset(scope, key);
      return changed();
    },
  };
};
