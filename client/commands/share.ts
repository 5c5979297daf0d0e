import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { schemes } from "../contributions.ts";
import { slugOf } from "../../schemas/file-name.ts";
import { askModal, sayInformation, sayProgress } from "../say.ts";
import { folderTarget, tell } from "./targets.ts";

interface Shared extends vscode.QuickPickItem {
  record: { kind: "team"; team_id: string } | { kind: "agent"; agent_id: string };
  name: string;
}

const pickShared = async (
  { runtime }: Context,
  folder: string,
  title: string,
): Promise<Shared | undefined> => {
  const list = async (): Promise<Shared[]> => {
    const [teams, agents] = await Promise.all([
      runtime.call("teams/list", { limit: 500 }, folder),
      runtime.call("agents/list", { limit: 500 }, folder),
    ]);
    return [
      ...teams.items.map(({ team_id, name, description }) => ({
        ...{ label: `$(organization) ${name}`, detail: description, name },
        record: { kind: "team" as const, team_id },
      })),
      ...agents.items.map(({ agent_id, name, agent_type, custom_type }) => ({
        ...{ label: `$(person) ${name}`, description: custom_type ?? agent_type, name },
        record: { kind: "agent" as const, agent_id },
      })),
    ];
  };
  return vscode.window.showQuickPick(list(), {
    title,
    placeHolder: vscode.l10n.t("Select a team or an agent"),
    matchOnDetail: true,
  });
};

/** Exports one file to share, without data about this machine and its user. */
export const exportShared = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const key = folder.uri.toString();
  const title = vscode.l10n.t("Export Agent or Team");
  const picked = await pickShared(context, key, title);
  if (picked === undefined) return;
  const { record, name } = picked;
  const shared =
    record.kind === "team"
      ? await context.runtime.call("teams/export", { team_id: record.team_id }, key)
      : await context.runtime.call("agents/export", { agent_id: record.agent_id }, key);
  const target = await vscode.window.showSaveDialog({
    title,
    defaultUri: vscode.Uri.joinPath(folder.uri, `${slugOf(name) || record.kind}.coditect.json`),
    filters: { [vscode.l10n.t("Agents and Teams")]: ["json", "md"] },
  });
  if (target === undefined) return;
  await vscode.workspace.fs.writeFile(
    target,
    new TextEncoder().encode(`${JSON.stringify(shared, null, 2)}\n`),
  );
  tell(vscode.l10n.t("Exported {0}.", name));
};

interface Package {
  source: string;
  text: string;
}

const fromFile = async (title: string): Promise<Package | null> => {
  const [file] = (await vscode.window.showOpenDialog({ title, filters: { JSON: ["json"] } })) ?? [];
  if (file === undefined) return null;
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  return { source: vscode.workspace.asRelativePath(file), text };
};

const fromElsewhere = async (
  { runtime }: Context,
  folder: string,
  title: string,
): Promise<Package | null> => {
  const source = (
    await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t("An npm package or the URL of a git repository"),
      placeHolder: "npm:NAME@VERSION, https://…/agents.git#TAG",
    })
  )?.trim();
  if (source === undefined || source === "") return null;
  const text = await sayProgress(
    vscode.l10n.t("Reading {0}…", source),
    async (_report, token) => (await runtime.call("packages/fetch", { source }, folder, token)).text,
  );
  return { source, text };
};

/** A read-only document that exists while the user answers the question. */
const whileShown = async <Result>(text: string, ask: () => Promise<Result>): Promise<Result> => {
  const uri = vscode.Uri.from({ scheme: schemes.package, path: `/${vscode.l10n.t("Import Preview")}` });
  const provider = vscode.workspace.registerTextDocumentContentProvider(schemes.package, {
    provideTextDocumentContent: () => text,
  });
  try {
    await vscode.window.showTextDocument(uri);
    return await ask();
  } finally {
    provider.dispose();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(
      tabs.filter(
        ({ input }) => input instanceof vscode.TabInputText && input.uri.scheme === schemes.package,
      ),
    );
  }
};

/** Shows everything that a package may do, and writes it only if the user confirms. */
export const importShared = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const key = folder.uri.toString();
  const title = vscode.l10n.t("Import Agents or Teams");
  const way = await vscode.window.showQuickPick(
    [
      { label: vscode.l10n.t("From a File…"), from: () => fromFile(title) },
      {
        label: vscode.l10n.t("From npm or Git…"),
        from: () => fromElsewhere(context, key, title),
      },
    ],
    { title },
  );
  const given = (await way?.from()) ?? null;
  if (given === null) return;
  const { preview, sha256, paths } = await context.runtime.call("packages/preview", given, key);
  const accept = vscode.l10n.t("Import");
  const answer = await whileShown(preview, async () =>
    sayInformation(
      vscode.l10n.t("Import {0}? Nothing in it is executed.", paths.join(", ")),
      accept,
      vscode.l10n.t("Cancel"),
    ),
  );
  if (answer !== accept) return;
  await context.runtime.call("packages/import", { ...given, sha256 }, key);
  tell(vscode.l10n.t("Imported {0}.", paths.join(", ")));
};

/** Asks the user, then discards their edits to a default. */
export const restoreDefault = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const key = folder.uri.toString();
  const picked = await pickShared(context, key, vscode.l10n.t("Restore Default Agent or Team"));
  if (picked === undefined) return;
  const { record, name } = picked;
  const restore = vscode.l10n.t("Restore");
  const answer = await askModal(
    vscode.l10n.t("Restore {0} to its default?", name),
    vscode.l10n.t("This discards your edits to it."),
    restore,
  );
  if (answer !== restore) return;
  if (record.kind === "team") await context.runtime.call("teams/restore", { team_id: record.team_id }, key);
  else await context.runtime.call("agents/restore", { agent_id: record.agent_id }, key);
  tell(vscode.l10n.t("Restored {0}.", name));
};
