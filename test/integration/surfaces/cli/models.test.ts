import assert from "node:assert/strict";
import { listen, readBody } from "../../../model-servers.ts";
import { eventsOf, runCommand } from "../../../support/command.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

describe("coditect models", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace();
  });
  after(() => workspace.remove());

  let variables: NodeJS.ProcessEnv = {};
  afterEach(() => {
    variables = {};
  });
  const withOllama = async (answer: string, ...args: string[]) => {
    const asked: unknown[] = [];
    const server = await listen(async (request, response) => {
      asked.push({ path: request.url, ...(await readBody(request)) });
      response.end(answer);
    });
    const environment = { OLLAMA_HOST: server.url, ...variables };
    const result = await runCommand(["models", ...args], { folder: workspace.root, environment });
    await server.close();
    return { ...result, asked };
  };
  const progress = [
    { status: "pulling manifest" },
    { status: "pulling abc", total: 4_700_000_000, completed: 2_350_000_000 },
    { status: "success" },
  ];
  const pulled = progress.map((line) => `${JSON.stringify(line)}\n`).join("");

  it("pull has Ollama pull a model, and shows how far it is", async () => {
    const { exit_code, stdout, stderr, asked } = await withOllama(pulled, "pull", "qwen3");
    assert.equal(exit_code, 0, stderr);
    assert.equal(stdout, "Ollama has qwen3.\n");
    assert.match(stderr, /^pulling manifest\npulling abc: 50 % of 4\.7 GB\nsuccess\n/);
    assert.deepEqual(asked, [{ path: "/api/pull", name: "qwen3", stream: true }]);
  });

  it("pull finds Ollama also where another provider is the one that is asked", async () => {
    variables = { ANTHROPIC_API_KEY: "a-key" };
    const { exit_code, asked } = await withOllama(pulled, "pull", "qwen3");
    assert.equal(exit_code, 0);
    assert.equal(asked.length, 1);
  });

  it("pull tells programs its progress as events", async () => {
    const { stdout } = await withOllama(pulled, "pull", "qwen3", "--json");
    assert.deepEqual(
      eventsOf(stdout).map((event) => event.type === "model.pulling" && event.status),
      progress.map(({ status }) => status),
    );
  });

  it("pull says why a model cannot be had", async () => {
    const error = '{"error":"pull model manifest: file does not exist"}\n';
    const { exit_code, stderr } = await withOllama(error, "pull", "qwen9");
    assert.equal(exit_code, 3);
    assert.match(stderr, /file does not exist/);
  });

  it("lists what is known, with windows and prices", async () => {
    const { exit_code, stdout } = await withOllama("{}");
    assert.equal(exit_code, 0);
    assert.match(stdout, /Claude +claude-sonnet-5-5 +1\.0M +\$2 \/ \$10 per million/);
  });
});
