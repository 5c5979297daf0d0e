import * as vscode from "vscode";
import { AgentType } from "../../schemas/agent.ts";
import { slugOf } from "../../schemas/file-name.ts";
import type { AgentFile, TeamFile } from "../../schemas/team.ts";
import type { z } from "zod";
import type { Context } from "../context.ts";
import { exists } from "../folders.ts";
import { folderTarget } from "./targets.ts";

const askName = (title: string): Thenable<string | undefined> =>
  vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("Name"),
    validateInput: (text) => (slugOf(text) === "" ? vscode.l10n.t("Enter letters or digits.") : null),
  });

/** Creates a file of shared configuration and opens it. If the file exists, only opens it. */
const createFile = async (
  folder: vscode.WorkspaceFolder,
  kind: "agents" | "teams",
  name: string,
  content: object,
): Promise<void> => {
  const uri = vscode.Uri.joinPath(folder.uri, ".coditect", kind, `${slugOf(name)}.json`);
  if (!(await exists(uri)))
    await vscode.workspace.fs.writeFile(
      uri,
      new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`),
    );
  await vscode.window.showTextDocument(uri);
};

export const newAgent = async (): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const title = vscode.l10n.t("New Agent");
  const type = await vscode.window.showQuickPick([...AgentType.options], {
    title,
    placeHolder: vscode.l10n.t("What does it do?"),
  });
  const name = type === undefined ? undefined : await askName(title);
  const agent_type = AgentType.safeParse(type).data;
  if (name === undefined || agent_type === undefined) return;
  const agent: z.input<typeof AgentFile> = {
    name,
    agent_type,
    settings: { custom_prompts: { "system.append": "" } },
  };
  await createFile(folder, "agents", name, agent);
};

/** A new team starts as a copy of a working one, because an empty team would not work. */
export const newTeam = async ({ runtime }: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const title = vscode.l10n.t("New Team");
  const { items } = await runtime.call("teams/list", { limit: 500 }, folder.uri.toString());
  const picked = await vscode.window.showQuickPick(
    items.map((team) => ({ label: team.name, detail: team.description, team })),
    { title, placeHolder: vscode.l10n.t("Select the team to start from") },
  );
  const name = picked === undefined ? undefined : await askName(title);
  if (picked === undefined || name === undefined) return;
  const { description, members, workflow_stages } = picked.team;
  const team: z.input<typeof TeamFile> = {
    name,
    description,
    members: members.map(({ role, agent_type }) => ({ role, agent_type })),
    workflow_stages,
  };
  await createFile(folder, "teams", name, team);
};
