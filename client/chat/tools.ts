import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { toolNames } from "../contributions.ts";

/** What package.json's schemas let a model say. */
interface ToolInput {
  file?: string;
  task?: string;
}

const teams: Record<keyof typeof toolNames, string> = {
  tdd: "tdd",
  fix: "bug-fix",
  review: "review",
  adr: "architecture",
};

/** The teams as tools of the editor's language models; the user confirms each run. */
export const registerTools = (context: Context): vscode.Disposable =>
  vscode.Disposable.from(
    ...(["tdd", "fix", "review", "adr"] as const).map((key) =>
      vscode.lm.registerTool<ToolInput>(toolNames[key], {
        prepareInvocation: ({ input }) => ({
          invocationMessage: vscode.l10n.t("Running the team {0}", teams[key]),
          confirmationMessages: {
            title: vscode.l10n.t("Run the team {0}?", teams[key]),
            message: vscode.l10n.t(
              "Agents will work on {0} and run the project's tests on this machine. {1}",
              input.file ?? vscode.l10n.t("the workspace"),
              input.task ?? "",
            ),
          },
        }),
        invoke: async ({ input }, token) => {
          const { workThrough, summarise } = await import("./work.ts");
          const [folder] = vscode.workspace.workspaceFolders ?? [];
          if (folder === undefined || !vscode.workspace.isTrusted)
            throw new Error(vscode.l10n.t("A trusted workspace folder is needed."));
          const request = { folder, team: teams[key], task: input.task ?? "", file: input.file ?? null };
          const outcome = await workThrough(context, request, () => undefined, token);
          return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(summarise(outcome))]);
        },
      }),
    ),
  );
