import assert from "node:assert/strict";
import { join } from "node:path";
import * as vscode from "vscode";
import { loadScript, type RehearsalScript } from "../../server/rehearsal/script.ts";
import { scriptedTurn } from "../support/scripted-turn.ts";
import { extension, nextEvent, workspaceFolder } from "./extension.ts";

/** Of VS Code 1.104, which is newer than the one that the extension needs. */
interface ModelProvider {
  provideLanguageModelChatInformation(): object[];
  provideLanguageModelChatResponse(
    model: object,
    messages: readonly vscode.LanguageModelChatMessage[],
    options: vscode.LanguageModelChatRequestOptions,
    progress: vscode.Progress<vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart>,
  ): Promise<void>;
  provideTokenCount(model: object, text: string | vscode.LanguageModelChatMessage): Promise<number>;
}
type Register = (vendor: string, provider: ModelProvider) => vscode.Disposable;

const PROVIDER = { VSCode: { model: "coditect-test/scripted" } };
const FILE = "src/bill.js";

/** The first stage of the TDD team: its gate proves that the new tests fail. */
const testsFirst = {
  name: "tests-first",
  members: [{ role: "test-writer", agent_type: "TestWriter" as const }],
  workflow_stages: [
    {
      name: "write-tests",
      member: "test-writer",
      prompt: "{{task}}",
      write_access: "tests" as const,
      gates: ["red" as const],
    },
  ],
};

const textOf = (message: vscode.LanguageModelChatMessage): string =>
  message.content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : "")).join("\n");

describe("language models of VS Code", () => {
  let script: RehearsalScript;
  let registered: vscode.Disposable;
  let team_id: string;
  let requests: { messages: readonly vscode.LanguageModelChatMessage[]; tools: string[] }[] = [];
  let refusal: Error | null = null;

  const provider: ModelProvider = {
    provideLanguageModelChatInformation: () => [
      {
        ...{ id: "scripted", name: "Scripted", family: "scripted", version: "1" },
        ...{ maxInputTokens: 200_000, maxOutputTokens: 8192, capabilities: { toolCalling: true } },
      },
    ],
    provideLanguageModelChatResponse: (_model, messages, { tools = [] }, progress) => {
      requests.push({ messages, tools: tools.map(({ name }) => name) });
      if (refusal !== null) return Promise.reject(refusal);
      const answers = messages.filter(({ role }) => role === vscode.LanguageModelChatMessageRole.Assistant);
      const turn = scriptedTurn(script, messages.map(textOf).join("\n"), answers.length);
      if (turn === null) return Promise.reject(new Error("the script has no such turn"));
      if (turn.text !== "") progress.report(new vscode.LanguageModelTextPart(turn.text));
      for (const [index, call] of turn.tool_calls.entries())
        progress.report(
          new vscode.LanguageModelToolCallPart(
            `call_${answers.length}_${index}`,
            call.tool,
            Object(call.arguments) as object, // A script's arguments are an object.
          ),
        );
      return Promise.resolve();
    },
    provideTokenCount: (_model, text) =>
      Promise.resolve(Math.ceil((typeof text === "string" ? text : textOf(text)).length / 4)),
  };

  before(async () => {
    // The types are those of the oldest VS Code that the extension works in.
    const register = Reflect.get(vscode.lm, "registerLanguageModelChatProvider") as Register | undefined;
    assert.ok(register, "this VS Code has no stable registerLanguageModelChatProvider");
    script = await loadScript(join(extension().extensionPath, "media", "rehearsal", "tdd.json"));
    registered = register("coditect-test", provider);
    ({ team_id } = await (await call())("teams/create", testsFirst, folder()));
  });
  beforeEach(() => {
    requests = [];
    refusal = null;
  });
  after(() => {
    registered.dispose();
  });

  const call = async () => (await extension().activate()).runtime.call;
  const folder = (): string => workspaceFolder().uri.toString();
  const execute = async () => {
    const finished = nextEvent("run.finished");
    const request = { team_id, file: FILE, task: script.task, options: { provider: PROVIDER } };
    await (
      await call()
    )("teams/execute", request, folder());
    return finished;
  };

  it("are in the list of models with their window", async () => {
    const { items } = await (await call())("models/list", { reachable: true }, folder());
    const listed = items.find(({ name }) => name === PROVIDER.VSCode.model);
    assert.ok(listed);
    assert.deepEqual(listed.provider, PROVIDER);
    assert.equal(listed.context_window, 200_000);
    assert.equal(listed.price, null);
  });

  it("take a team to proven tests, with tools and with tokens of their own counter", async () => {
    const { status, error, usage } = await execute();
    assert.equal(status, "Succeeded", error?.message);
    const [first, second] = requests;
    assert.ok(first && second);
    assert.match(first.messages.map(textOf)[0] ?? "", /^Agent: TestWriter/);
    assert.ok(first.tools.includes("write_file"));
    const results = second.messages.at(-1)?.content ?? [];
    assert.ok(results.some((part) => part instanceof vscode.LanguageModelToolResultPart));
    assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0);
    assert.equal(usage.cost, null);
  });

  it("say why they refuse", async () => {
    refusal = vscode.LanguageModelError.Blocked("You have used up your quota of premium requests");
    const { status, error } = await execute();
    assert.equal(status, "Failed");
    assert.equal(error?.code, "provider_quota", error?.message);
  });
});
