import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { SHORT_TEAM_FILE, shortTeam } from "../support/short-team.ts";
import { throughModel, type HeldModel } from "./models.ts";
import { packageExtension } from "./packages.ts";
import { root, startCodeServer, type CodeServer, type CodeServerOptions } from "./parts.ts";
import { openBrowser, openWorkbench, type Workbench } from "./workbench.ts";

/** A code-server with the packaged extension, a browser, and projects to open in them. */
export interface EditorSession {
  readonly server: CodeServer;
  /**
   * A fresh copy of the sample project. Settings go into its `.vscode/settings.json`, and those that a
   * workspace may not set go into the machine's settings.
   */
  project(settings?: Record<string, unknown>): Promise<string>;
  /** Such a project with the short team in the place of the TDD team. This model answers it. */
  shortProject(model: HeldModel, settings?: Record<string, unknown>): Promise<string>;
  /** A `.code-workspace` file. A folder of each name next to it contains such a project. */
  shortWorkspace(names: readonly string[], model: HeldModel): Promise<string>;
  /** Opens a window and closes the previous one, because two windows would share the machine's two cores. */
  open(folder: string): Promise<Workbench>;
  closeWindow(): Promise<void>;
  /** Saves a screenshot of the open window. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

const Manifest = z.looseObject({
  contributes: z.looseObject({
    configuration: z.array(
      z.looseObject({ properties: z.record(z.string(), z.looseObject({ scope: z.string() })) }),
    ),
  }),
});

/** Splits settings into those that only the user may set and all others. */
const byScope = (settings: Record<string, unknown>) => {
  const { contributes } = Manifest.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const isMachine = (name: string) =>
    contributes.configuration.some(({ properties }) => properties[name]?.scope === "machine");
  const pick = (wanted: boolean) =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => isMachine(name) === wanted));
  return { machine: pick(true), workspace: pick(false) };
};

export const startSession = async (
  options: Omit<CodeServerOptions, "extensions"> = {},
): Promise<EditorSession> => {
  const server = await startCodeServer({ extensions: [await packageExtension()], ...options });
  const browser = await openBrowser(server.url);
  const folders: string[] = [];
  let window: Workbench | null = null;
  const closeWindow = async (): Promise<void> => {
    await window?.page.close();
    window = null;
  };
  const newFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "coditect-project-"));
    folders.push(folder);
    return folder;
  };
  const project = async (settings: Record<string, unknown> = {}): Promise<string> => {
    const made = join(await newFolder(), "split-the-bill");
    await copySample(made);
    await mkdir(join(made, ".vscode"));
    const { machine, workspace } = byScope(settings);
    await server.configureMachine(machine);
    await writeFile(join(made, ".vscode", "settings.json"), JSON.stringify(workspace));
    return made;
  };
  const writeShortTeam = async (folder: string): Promise<void> => {
    const file = join(folder, SHORT_TEAM_FILE);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(shortTeam));
  };
  const copySample = (to: string) => cp(join(root, "media", "sample"), to, { recursive: true });
  return {
    server,
    project,
    shortProject: async (model, settings = {}) => {
      const made = await project({ ...throughModel(model), ...settings });
      await writeShortTeam(made);
      return made;
    },
    shortWorkspace: async (names, model) => {
      const base = await newFolder();
      for (const name of names) {
        await copySample(join(base, name));
        await writeShortTeam(join(base, name));
      }
      const file = join(base, "meals.code-workspace");
      const { machine, workspace } = byScope(throughModel(model));
      await server.configureMachine(machine);
      const content = { folders: names.map((name) => ({ path: name })), settings: workspace };
      await writeFile(file, JSON.stringify(content));
      return file;
    },
    open: async (folder) => {
      await closeWindow();
      return (window = await openWorkbench(browser, folder));
    },
    closeWindow,
    picture: async (name) => {
      await window?.picture(name);
    },
    close: async () => {
      await browser.close();
      await server.close();
      for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
