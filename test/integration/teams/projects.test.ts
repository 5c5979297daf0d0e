import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describeProvider } from "../../../server/models/agent.ts";
import { loadScript } from "../../../server/rehearsal/script.ts";
import type { AIProvider } from "../../../schemas/agent.ts";
import { eventsOf, lastOf, runCommand } from "../../support/command.ts";
import { startScriptedModel } from "../../support/scripted-model.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const fixtures = join(root, "test", "fixtures", "projects");
/** Each project with the protocol over which its model answers. One more answers over both. */
const projects = {
  "vitest-typescript": "ollama",
  "jest-javascript": "claude",
  "mocha-esm": "ollama",
  pytest: "claude",
} as const;

/** A copy of a fixture project, with the test runners of this repository where it needs one. */
const copyOf = async (name: string): Promise<string> => {
  const workspace = await mkdtemp(join(tmpdir(), `coditect-${name}-`));
  await cp(join(fixtures, name, "project"), workspace, { recursive: true });
  if (name !== "pytest") await symlink(join(root, "node_modules"), join(workspace, "node_modules"));
  return workspace;
};

const optionsFor = (provider: AIProvider, endpoint: string): string[] => {
  const { name, model } = describeProvider(provider);
  return ["--provider", name.toLowerCase(), "--model", model, "--endpoint", endpoint];
};

/** Takes a project through the TDD team by the command line and applies the change set. */
const develop = async (name: string, protocol: "ollama" | "claude") => {
  const script = await loadScript(join(fixtures, name, "script.json"));
  const model = await startScriptedModel(script);
  const workspace = await copyOf(name);
  try {
    const provider = protocol === "claude" ? model.claude() : model.ollama();
    const args = [
      "run",
      "tdd",
      script.file ?? "",
      "--task",
      script.task,
      "--workspace",
      workspace,
      "--apply",
      "--json",
    ];
    const environment = {
      ANTHROPIC_API_KEY: "a-key-for-tests",
      XDG_CACHE_HOME: join(workspace, "..", "coditect-test-cache"),
      // The system's pytest, with python3-pytest-cov, before whatever a version manager put on PATH.
      PATH: ["/usr/bin", process.env.PATH].join(delimiter),
    };
    const { exit_code, stdout, stderr } = await runCommand([...args, ...optionsFor(provider, model.url)], {
      environment,
    });
    assert.equal(exit_code, 0, `${stderr}\n${stdout.slice(-3000)}`);
    const finished = lastOf(eventsOf(stdout));
    const texts = await Promise.all(
      finished.changes.map(
        async ({ path }) => [path, await readFile(join(workspace, path), "utf8")] as const,
      ),
    );
    return { finished, texts, requests: model.requests.length };
  } finally {
    await model.close();
    await rm(workspace, { recursive: true, force: true });
  }
};

describe("the TDD team on real project shapes, from the command line to the applied change set", () => {
  const hasChangesAndProofs = ({ texts, finished }: Awaited<ReturnType<typeof develop>>): void => {
    assert.ok(texts.length >= 2, "a test file and a source file have changed");
    assert.ok(finished.stages.every(({ gates }) => gates.every(({ held }) => held)));
  };

  for (const [name, protocol] of Object.entries(projects)) {
    it(`${name}: every gate held`, async () => {
      hasChangesAndProofs(await develop(name, protocol));
    });
  }

  it("node-test: every gate held, by Ollama's protocol and by Claude's alike", async () => {
    const [ollama, claude] = await Promise.all([
      develop("node-test", "ollama"),
      develop("node-test", "claude"),
    ]);
    hasChangesAndProofs(ollama);
    assert.deepEqual(claude.texts, ollama.texts);
    assert.deepEqual(
      claude.finished.changes.map(({ path, after }) => [path, after]),
      ollama.finished.changes.map(({ path, after }) => [path, after]),
    );
    assert.equal(claude.requests, ollama.requests);
  });
});
