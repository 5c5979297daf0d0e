import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { toolNames } from "../contributions.ts";
import { setting } from "../settings.ts";

/** The input that package.json's schemas allow. */
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

/** Offers the teams as tools to the editor's language models. The user confirms each run. */
export const registerTools = (context: Context): vscode.Disposable =>
  vscode.Disposable.from(
    ...(["tdd", "fix", "review", "adr"] as const).map((key) =>
      vscode.lm.registerTool<ToolInput>(toolNames[key], {
        prepareInvocation: ({ input }) => prepare(teams[key], input),
        invoke: async ({ input }, token) => {
          const { toolRequest } = await import("./tool-request.ts");
          const [{ workThrough }, { summarise }] = await Promise.all([
            import("./work.ts"),
            import("./summary.ts"),
          ]);
          const request = await toolRequest(teams[key], input);
          const outcome = await workThrough(context, toolNames[key], request, () => undefined, token);
          return new vscode.LanguageModelToolResult([
            new vscode.LanguageModelTextPart(summarise(outcome, vscode.l10n)),
          ]);
        },
      }),
    ),
  );

/** The question names the agent, the action and the model; there is no anonymous consent. */
const prepare = (team: string, { file, task }: ToolInput): vscode.PreparedToolInvocation => {
  const provider = setting("model.provider");
  const model =
    provider === "agent" ? vscode.l10n.t("each agent's own model") : `${provider} ${setting("model.name")}`;
  return {
    invocationMessage: vscode.l10n.t("Running the team {0}", team),
    confirmationMessages: {
      title: vscode.l10n.t("Run the team {0}?", team),
      message: vscode.l10n.t(
        "Agents will work on {0} with {1}, and run the project's tests on this machine. {2}",
        file ?? vscode.l10n.t("the workspace"),
        model.trim(),
        task ?? "",
      ),
    },
  };
};
