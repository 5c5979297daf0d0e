import { join } from "node:path";
import { openConsents } from "../../server/platform/consents.ts";
import { configurationFiles, configurationHash } from "../../server/workspace/configuration.ts";
import { type JournalEntry, startModelServer, type ModelServer } from "../model-servers.ts";
import { root } from "./command.ts";
import { answered, call, finish } from "./one-round.ts";
import type { TestWorkspace } from "./workspace.ts";

/** A model whose Reviewer calls the tool of the asking server; `told`: the answer of that tool. */
export interface AskingModel extends Pick<ModelServer, "close"> {
  told: string;
  /** The options of a command that asks this model. */
  options: string[];
}

/** Gives a workspace an MCP server that asks the user, which the user has allowed. */
export const addAskingServer = async (workspace: TestWorkspace): Promise<void> => {
  const script = join(root, "test/fixtures/mcp/asking-server.mjs");
  const asking = { command: process.execPath, args: [script] };
  await workspace.write(".coditect/mcp.json", JSON.stringify({ mcpServers: { asking } }));
  openConsents(workspace.root).give({
    name: "configuration",
    of: configurationHash(configurationFiles(workspace.root)),
    given_by: "test",
    created_at: new Date().toISOString(),
  });
};

export const startAskingModel = async (): Promise<AskingModel> => {
  const model = await startModelServer({
    Reviewer: (entry: JournalEntry) => {
      if (answered(entry) === 0) return call("asking__greet", {});
      asking.told = JSON.stringify(entry.body);
      return finish;
    },
    Security: () => finish,
    QualityControl: () => finish,
  });
  const provider = model.ollama();
  if (!("Ollama" in provider)) throw new Error("the model is not asked as Ollama is");
  const { model: name, endpoint } = provider.Ollama;
  const asking: AskingModel = {
    told: "",
    options: [
      ...["--provider", "ollama", "--model", name, "--endpoint", endpoint],
      ...["--unconfined", "allow"],
    ],
    close: () => model.close(),
  };
  return asking;
};
