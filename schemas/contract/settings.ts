import { z } from "zod";
import { Json } from "../primitives.ts";
import { SettingValue } from "../resolve-settings.ts";
import { row } from "./row.ts";

/** Whose file a setting is written to: the user's own, or `.coditect/settings.json` of the workspace. */
const scope = z.enum(["user", "workspace"]).default("user");
const SettingList = z.strictObject({ items: z.array(SettingValue) });

/** Methods on the settings of the runtime, each with where its value comes from. */
export const settingMethods = {
  "settings/list": row("viewer", z.strictObject({}), SettingList, { verb: "GET", path: "/api/settings" }),
  /** Answers with all settings as they are then. */
  "settings/set": row("admin", z.strictObject({ key: z.string(), value: Json, scope }), SettingList, {
    verb: "PUT",
    path: "/api/settings/{key}",
  }),
  /** Takes the value out of the file, so that a weaker one counts. */
  "settings/unset": row("admin", z.strictObject({ key: z.string(), scope }), SettingList, {
    verb: "DELETE",
    path: "/api/settings/{key}",
  }),
} as const;
