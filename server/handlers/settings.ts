import type { HandlerContext, HandlersOf } from "./context.ts";

/** The settings of the runtime, and the files of the user and the workspace that say them. */
export const settingHandlers = ({ settings, emit, now }: HandlerContext): HandlersOf<"settings"> => {
  const changed = () => {
    emit({ type: "configuration.changed", at: now() });
    return { items: settings.list() };
  };
  return {
    "settings/list": () => ({ items: settings.list() }),

    "settings/set": ({ key, value, scope }) => {
      settings.set(scope, key, value);
      return changed();
    },

    "settings/unset": ({ key, scope }) => {
      settings.unset(scope, key);
      return changed();
    },
  };
};
