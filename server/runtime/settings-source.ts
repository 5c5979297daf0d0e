import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { withoutByteOrderMark } from "../../schemas/plain-text.ts";
import { fail } from "../../schemas/errors.ts";
import { parseGiven } from "../../schemas/logins.ts";
import type { Json } from "../../schemas/primitives.ts";
import { nestSettings, type SettingValues } from "../../schemas/nested-settings.ts";
import {
  flattenSettings,
  resolveSettings,
  type SettingLevel,
  type SettingOrigin,
  type SettingValue,
} from "../../schemas/resolve-settings.ts";
import { isSettingKey, type SettingKey } from "../../schemas/setting-table.ts";
import { Settings, type SettingsInput } from "../../schemas/settings.ts";
import { privateUserFolder, userFolder } from "../platform/user-folder.ts";
import { readInside } from "../workspace/open.ts";

/** The file that a setting is written to. */
type SettingScope = "user" | "workspace";

const FILE = "settings.json";
const WORKSPACE_FILE = `.coditect/${FILE}`;
const MOST_BYTES = 1 << 20;

export interface SettingsSourceOptions {
  /** Absolute path; `.coditect/settings.json` in it can only tighten. */
  workspace: string;
  /** The settings of the caller that opens the runtime: flags, or the editor's settings. */
  chosen: SettingsInput;
  chosenBy: Extract<SettingOrigin, "flag" | "editor">;
  /** The editor's settings for this workspace, from outer to inner. They can only tighten. */
  asked?: readonly SettingsInput[];
  /** Values from the environment. The user's file overrides them. */
  guessed: SettingsInput;
}

/** The settings of a runtime, from all sources. */
export interface SettingsSource {
  /** The values in the current files. Error: `invalid_file`. */
  current(): Settings;
  list(): SettingValue[];
  originOf(key: SettingKey): SettingOrigin;
  /** Applies changed settings of the editor: the user's settings and those of the workspace. */
  choose(chosen: SettingsInput, asked: readonly SettingsInput[]): void;
  /**
   * Writes a setting into a file. A `value` of `undefined` removes it. Errors: `unknown_setting`,
   * `invalid_params`, and `setting_not_tighter` for a value that a workspace may not set.
   */
  set(scope: SettingScope, key: string, value: Json): void;
  unset(scope: SettingScope, key: string): void;
}

/** Parses a settings file. It may contain `$schema` for editors. */
const parseFile = (path: string, text: string): SettingValues => {
  const invalid = (problems: string) => fail("invalid_file", { path, problems });
  let json: unknown;
  try {
    json = JSON.parse(withoutByteOrderMark(text));
  } catch {
    throw invalid("it is not JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw invalid("it is not an object");
  const { $schema, ...settings } = json as Record<string, unknown>;
  const parsed = parseGiven(Settings, settings);
  if ("problems" in parsed) throw invalid(parsed.problems);
  return flattenSettings(settings);
};

const ifThere = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code)))
      return null;
    throw error;
  }
};

export const openSettings = ({
  workspace,
  chosenBy,
  guessed,
  ...options
}: SettingsSourceOptions): SettingsSource => {
  let chosen = flattenSettings(options.chosen);
  let asked = (options.asked ?? []).map(flattenSettings);

  const read: Readonly<Record<SettingScope, () => SettingValues>> = {
    user: () => {
      const text = ifThere(join(userFolder(), FILE));
      return text === null ? {} : parseFile(FILE, text);
    },
    workspace: () => {
      const bytes = readInside(workspace, WORKSPACE_FILE, { most: MOST_BYTES });
      return bytes === null ? {} : parseFile(WORKSPACE_FILE, bytes.toString("utf8"));
    },
  };

  const write = (scope: SettingScope, values: SettingValues): void => {
    const path = scope === "user" ? join(privateUserFolder(), FILE) : join(workspace, WORKSPACE_FILE);
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.${randomBytes(6).toString("hex")}`;
    writeFileSync(temporary, `${JSON.stringify(nestSettings(values), null, 2)}\n`, { flag: "wx" });
    renameSync(temporary, path);
  };

  const resolve = (inWorkspace = read.workspace()) => {
    const levels: SettingLevel[] = [
      { origin: "environment", values: flattenSettings(guessed) },
      { origin: "user", values: read.user() },
      { origin: chosenBy, values: chosen },
    ];
    return resolveSettings(levels, ...asked, inWorkspace);
  };

  const known = (key: string): SettingKey => {
    if (!isSettingKey(key)) throw fail("unknown_setting", { key });
    return key;
  };

  return {
    current: () => resolve().settings,
    list: () => resolve().list,
    originOf: (key) => resolve().list.find((each) => each.key === key)?.origin ?? "default",
    choose: (next, nextAsked) => {
      chosen = flattenSettings(next);
      asked = nextAsked.map(flattenSettings);
    },
    set: (scope, key, value) => {
      const values = { ...read[scope](), [known(key)]: value };
      const parsed = parseGiven(Settings, nestSettings({ [key]: value }));
      if ("problems" in parsed)
        throw fail("invalid_params", { what: `The setting ${key}`, problems: parsed.problems });
      const held = scope === "workspace" ? resolve(values).list.find((each) => each.key === key) : undefined;
      if (held !== undefined && held.ignored !== null)
        throw fail("setting_not_tighter", {
          key,
          value: JSON.stringify(value),
          own: JSON.stringify(held.value),
        });
      write(scope, values);
    },
    unset: (scope, key) => {
      const { [known(key)]: removed, ...values } = read[scope]();
      if (removed !== undefined) write(scope, values);
    },
  };
};
