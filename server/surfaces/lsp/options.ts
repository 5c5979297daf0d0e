import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { z } from "zod";
import { EditorOptions, EditorSettings } from "../../../schemas/editor.ts";
import { fail } from "../../../schemas/errors.ts";
import { parseGiven } from "../../../schemas/logins.ts";
import { nestSettings } from "../../../schemas/nested-settings.ts";
import { flattenSettings, resolveSettings } from "../../../schemas/resolve-settings.ts";
import { Settings, type SettingsInput } from "../../../schemas/settings.ts";
import { describeProblems } from "../../../schemas/problems.ts";
import type { Folder } from "./folders.ts";

const OptionsAround = EditorOptions.extend({ settings: z.unknown().optional() });

/** The editor's settings. Keys of folders are URIs. */
export type ReadSettings = EditorSettings & {
  /** The user's values. */
  chosen: SettingsInput;
  /** The workspace's values for a folder. */
  asked: (folder: string) => readonly SettingsInput[];
  /** The values for a folder, with the defaults. */
  valuesIn: (folder: string) => Settings;
};
export type ReadOptions = Omit<EditorOptions, "settings"> & { settings: ReadSettings };

const WrittenSettings = z.looseObject({ runtime: z.record(z.string(), z.unknown()).optional() });
const OfWorkspace = z.looseObject({ folders: EditorSettings.shape.folders });

/** The valid values. A wrong value in a workspace must not keep the user from working there. */
const validOf = (written: Record<string, unknown>): SettingsInput =>
  nestSettings(
    Object.fromEntries(
      Object.entries(flattenSettings(written)).filter(
        ([key, value]) => Settings.safeParse(nestSettings({ [key]: value })).success,
      ),
    ),
  );

const readFrom = (editor: EditorSettings, chosen: SettingsInput): ReadSettings => {
  const asked = (folder: string): SettingsInput[] => (editor.folders[folder] ?? []).map(validOf);
  const own = { origin: "editor" as const, values: flattenSettings(chosen) };
  const resolved = new Map<string, Settings>();
  const valuesIn = (folder: string): Settings => {
    const known = resolved.get(folder);
    if (known !== undefined) return known;
    const { settings } = resolveSettings([own], ...asked(folder).map(flattenSettings));
    resolved.set(folder, settings);
    return settings;
  };
  return { ...editor, chosen, asked, valuesIn };
};

/**
 * The settings, or the defaults with the problems, because a mistake in one must not stop everything. What the
 * workspace asks for holds either way.
 */
export const readSettings = (given: unknown): { settings: ReadSettings; problems: string | null } => {
  const parsed = parseGiven(EditorSettings, given ?? {});
  if ("problems" in parsed)
    return {
      settings: readFrom(EditorSettings.parse({ folders: OfWorkspace.safeParse(given).data?.folders }), {}),
      problems: parsed.problems,
    };
  const written = WrittenSettings.safeParse(given).data?.runtime ?? {};
  return { settings: readFrom(parsed.value, nestSettings(flattenSettings(written))), problems: null };
};

/**
 * `initializationOptions`. Settings that are not valid are left out. Everything else must be valid,
 * especially whether the workspace is trusted. Error: `invalid_params`.
 */
export const readOptions = (given: unknown): { options: ReadOptions; problems: string | null } => {
  const parsed = OptionsAround.safeParse(given ?? {});
  if (!parsed.success)
    throw fail("invalid_params", {
      what: "initializationOptions",
      problems: describeProblems(parsed.error),
    });
  const { settings, problems } = readSettings(parsed.data.settings);
  return { options: { ...parsed.data, settings }, problems };
};

/** `{ settings: { coditect } }` of `workspace/didChangeConfiguration`. */
export const ChangedConfiguration = z.object({ coditect: z.unknown().optional() });

/** The state folder of a workspace folder. Each one has its own, also in the editor's storage. */
export const stateFolderOf = (folder: Folder, options: Pick<EditorOptions, "state_folder">): string => {
  if (options.state_folder === null) return join(folder.root, ".coditect", "state");
  const hash = createHash("sha256").update(folder.root).digest("hex").slice(0, 12);
  return join(options.state_folder, `${basename(folder.root)}-${hash}`);
};
