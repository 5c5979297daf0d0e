import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../../../model-servers.ts";
import { runCommand } from "../../../support/command.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

const KEY = "a-key-that-holds";

describe("the command line of a user without a model", () => {
  let workspace: TestWorkspace;
  let home: string;
  let claude: Awaited<ReturnType<typeof listen>>;
  beforeEach(async () => {
    workspace = await testWorkspace();
    home = await mkdtemp(join(tmpdir(), "coditect-home-"));
    claude = await listen((request, response) => {
      const isHeld = request.headers.authorization === `Bearer ${KEY}`;
      response.writeHead(isHeld ? 200 : 401, { "content-type": "application/json" });
      const refusal = { type: "error", error: { type: "authentication_error", message: "no" } };
      const models = { data: [{ type: "model", id: "claude-sonnet-5-5" }], has_more: false };
      response.end(JSON.stringify(isHeld ? models : refusal));
      return Promise.resolve();
    });
  });
  afterEach(async () => {
    await claude.close();
    await workspace.remove();
    await rm(home, { recursive: true });
  });
  const run = (args: string[], { input = "", ...variables }: NodeJS.ProcessEnv = {}) =>
    runCommand(args, {
      folder: workspace.root,
      input,
      environment: {
        HOME: home,
        XDG_CONFIG_HOME: join(home, ".config"),
        OLLAMA_HOST: "127.0.0.1:9",
        ANTHROPIC_BASE_URL: claude.url,
        CODITECT_PASSPHRASE: "of the test",
        ...variables,
      },
    });
  const runs = async () => (await run(["runs", "list", "--json"])).stdout;

  it("is told what can answer and how to go on, and nothing is recorded", async () => {
    const { exit_code, stdout, stderr } = await run(["run", "tdd", "--task", "x"]);
    assert.equal(exit_code, 3);
    assert.equal(stdout, "");
    assert.match(stderr, /rehearsal +a script plays the model.*run tdd --provider rehearsal\n/);
    assert.match(stderr, /ollama +it does not run/);
    assert.match(stderr, /claude +No API key for Claude\..*models use claude\n/);
    assert.match(stderr, /Cannot reach Ollama/);
    assert.equal(await runs(), "");
  });

  it("chooses a provider and sets its key in one step, once the provider accepted it", async () => {
    // What an editor that speaks ACP starts in a terminal.
    const setup = ["acp", "--setup"];
    const unnamed = await run(setup);
    assert.equal(unnamed.exit_code, 2);
    assert.match(unnamed.stderr, /needs a terminal, or --provider/);
    const refused = await run([...setup, "--provider", "claude"], { input: "another-key" });
    assert.equal(refused.exit_code, 3);
    assert.match(refused.stderr, /Claude rejected the API key/);
    assert.doesNotMatch((await run(["credentials", "list"])).stdout, /claude/);

    const stored = await run([...setup, "--provider", "claude"], { input: KEY });
    assert.equal(stored.stdout, "Runs now ask Claude.\n", stored.stderr);
    const accepted = await run(["models", "use", "claude"]);
    assert.equal(
      accepted.stdout,
      "Runs now ask Claude, each agent the model for its role.\n",
      accepted.stderr,
    );
    assert.match((await run(["credentials", "list"])).stdout, /^claude +1 key/);
    const listed = await run(["settings", "list"]);
    assert.match(listed.stdout, /^provider +\{"Claude":\{"model":"auto".* user /m);
  });

  it("is asked through a key that they set after a first run failed", async () => {
    await run(["run", "tdd", "--task", "x"]);
    const { stdout } = await run(["agents", "list", "--json"], { ANTHROPIC_API_KEY: KEY });
    assert.match(stdout, /"Coder"/);
    const { stderr } = await run(["run", "tdd", "--task", "x", "--max-tokens", "1"], {
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
    });
    assert.match(stderr, /Coder: Claude\/claude-opus-5-5 \(\$4 in, \$20 out per million tokens\)/);
    const agents = await run(["agents", "list", "--json"]);
    assert.match(agents.stdout, /"Claude":\{"model":"claude-/);
  });

  it("is refused an address that is none before a run is recorded", async () => {
    const variables = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: "not an address" };
    const { exit_code, stderr } = await run(["run", "tdd", "--task", "x", "--json"], variables);
    assert.equal(exit_code, 2);
    assert.match(stderr, /ANTHROPIC_BASE_URL is not an address/);
    assert.equal(await runs(), "");
  });

  it("is told that the models of VS Code answer only there, and what to do", async () => {
    for (const args of [
      ["run", "tdd", "--task", "x", "--provider", "vscode"],
      ["models", "use", "vscode"],
    ]) {
      const { exit_code, stderr } = await run(args);
      assert.equal(exit_code, 2, stderr);
      assert.match(stderr, /The provider vscode works only in VS Code\./);
      assert.match(stderr, /coditect models use/);
    }
    const chosen = JSON.stringify({ VSCode: { model: "copilot/gpt-4.1" } });
    assert.equal((await run(["settings", "set", "provider", chosen])).exit_code, 0);
    const { exit_code, stderr } = await run(["run", "tdd", "--task", "x"]);
    assert.equal(exit_code, 2, stderr);
    assert.match(stderr, /works only in VS Code/);
    assert.equal(await runs(), "");
  });
});
