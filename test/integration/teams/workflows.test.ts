import type { RuntimeType } from "../../../schemas/agent.ts";
import assert from "node:assert/strict";
import { chmod, cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { shippedPath } from "../../../server/platform/installation.ts";
import { builtInScript, rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { loadScript, RehearsalScript } from "../../../server/rehearsal/script.ts";
import { startRehearsal } from "../../../server/rehearsal/server.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { startRuntime } from "../../harness.ts";
import { eventsOf, lastOf, runCommand } from "../../support/command.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const fixtures = shippedPath("test", "fixtures", "projects");
const noEngine = await dockerEngine();

/** A copy of a fixture project, with the test runners of this repository. */
const copyOf = async (name: string): Promise<string> => {
  const workspace = await mkdtemp(join(tmpdir(), `coditect-${name}-`));
  await cp(join(fixtures, name, "project"), workspace, { recursive: true });
  await symlink(shippedPath("node_modules"), join(workspace, "node_modules"));
  return workspace;
};

interface Outcome {
  events: readonly RuntimeEvent[];
  /** Path → hash of every changed file. */
  changes: Record<string, string | null>;
  /** Place and title of every finding. */
  findings: string[];
}

const gates = ({ events }: Outcome): string[] =>
  events.flatMap((event) =>
    event.type === "gate.proved"
      ? [`${event.stage} ${event.proof.gate} ${event.proof.held ? "held" : "did not hold"}`]
      : [],
  );

const outcomeOf = (events: readonly RuntimeEvent[]): Outcome => {
  const finished = lastOf(events);
  assert.equal(finished.status, "Succeeded", finished.error?.message);
  return {
    events,
    changes: Object.fromEntries(finished.changes.map(({ path, after }) => [path, after])),
    findings: finished.findings.map(({ path, start_line, title }) => `${path}:${start_line} ${title}`).sort(),
  };
};

/** By the command line, applied. */
const byCommand = async (workflow: string, workspace: string, script: RehearsalScript): Promise<Outcome> => {
  const model = await startRehearsal([script]);
  try {
    const about = [...(script.file === null ? [] : [script.file]), "--task", script.task];
    const asked = ["--provider", "ollama", "--model", "rehearsal", "--endpoint", model.endpoint];
    const args = ["run", workflow, ...about, ...asked, "--workspace", workspace, "--apply", "--json"];
    const { exit_code, stdout, stderr } = await runCommand(args);
    assert.equal(exit_code, 0, `${stderr}\n${stdout.slice(-2000)}`);
    return outcomeOf(eventsOf(stdout));
  } finally {
    await model.close();
  }
};

/** By the contract, not applied. */
const byContract = async (
  workflow: string,
  project: string,
  script: RehearsalScript,
  runtime: RuntimeType,
): Promise<Outcome & { ran: Set<string> }> => {
  const model = await startRehearsal([script]);
  const at = await startRuntime({ project, settings: { provider: rehearsalProvider(model), runtime } });
  // A temporary folder is closed to others; as root, containers run as somebody else.
  await chmod(at.workspace, 0o755);
  try {
    const { task_id } = await at.run(workflow, { task: script.task, file: script.file });
    const events = at.events.filter((event) => "task_id" in event && event.task_id === task_id);
    const instances = at.runtime.store.all("instances");
    return { ...outcomeOf(events), ran: new Set(instances.map(({ metadata }) => metadata.runtime_type)) };
  } finally {
    await at.close();
    await model.close();
  }
};

describe("the bug-fix team on a project with mocha", () => {
  it("proves the bug, sends a fix that hides it back, and brings the documents along", async () => {
    const workspace = await copyOf("mocha-esm");
    try {
      const script = await loadScript(join(fixtures, "mocha-esm", "bug-fix.json"));
      const outcome = await byCommand("bug-fix", workspace, script);
      assert.deepEqual(gates(outcome), [
        "reproduce red held",
        "fix changed held",
        "fix untouched held",
        "fix green did not hold",
        "fix changed held",
        "fix untouched held",
        "fix green held",
        "fix clean held",
        "review findings held",
        "document untouched held",
        "document documents held",
      ]);
      const changed = ["README.md", "src/match.js", "test/malformed.spec.js"];
      assert.deepEqual(Object.keys(outcome.changes).sort(), changed);
      assert.match(await readFile(join(workspace, "src/match.js"), "utf8"), /catch \{\n {4}return null;/);
      assert.match(await readFile(join(workspace, "README.md"), "utf8"), /matches no name/);
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  });
});

describe("the architecture team on a Python project", () => {
  it("sends a dead link and a diagram nobody can read back, and makes the same by command and contract", async () => {
    const workspace = await copyOf("pytest");
    try {
      const script = await loadScript(join(fixtures, "pytest", "architecture.json"));
      const outcome = await byCommand("architecture", workspace, script);
      const refused = gates(outcome).filter((gate) => gate.endsWith("did not hold"));
      assert.deepEqual(refused.length, 2);
      assert.match(refused[0] ?? "", /^decide documents/);
      assert.match(refused[1] ?? "", /^diagram (documents|diagrams)/);
      const record = await readFile(join(workspace, "docs/adr/0001-keep-the-stock-in-sqlite.md"), "utf8");
      assert.match(record, /\[the stock\]\(\.\.\/stock\.md\)/);
      const again = await byContract("architecture", join(fixtures, "pytest", "project"), script, "Local");
      assert.deepEqual(again.changes, outcome.changes);
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  });
});

const finish = { tool: "finish", arguments: { summary: "Read.", confidence: 0.9, completeness: 1 } };
const reports = (title: string, start_line: number) => {
  const place = { path: "src/bill.js", start_line, end_line: start_line };
  const kind = {
    severity: "Medium",
    category: "input-validation",
    explanation: "It is not.",
    confidence: 0.8,
  };
  const findings = [{ ...place, ...kind, title }];
  return [{ tool_calls: [{ tool: "report_findings", arguments: { findings } }, finish] }];
};

/** What plays a workflow on the sample. */
const scriptOf = (workflow: string): Promise<RehearsalScript> | RehearsalScript =>
  workflow === "review" || workflow === "security"
    ? RehearsalScript.parse({
        task: "Look at the bill.",
        file: "src/bill.js",
        agents: { Reviewer: reports("Cents are not checked", 1), Security: reports("Guests are not", 2) },
      })
    : builtInScript(workflow);

describe("the teams in containers", function () {
  skipUnlessNull(this, noEngine);

  for (const workflow of ["bug-fix", "architecture", "review", "security"])
    it(`${workflow}: changes and finds the same as in local processes, through the same gates`, async () => {
      const script = await scriptOf(workflow);
      const project = shippedPath("media", "sample");
      const [local, docker] = await Promise.all([
        byContract(workflow, project, script, "Local"),
        byContract(workflow, project, script, "Docker"),
      ]);
      assert.deepEqual([...local.ran, ...docker.ran], ["Local", "Docker"]);
      assert.deepEqual(docker.changes, local.changes);
      assert.deepEqual(docker.findings, local.findings);
      assert.ok(Object.keys(local.changes).length + local.findings.length > 0);
      assert.deepEqual(gates(docker), gates(local));
    });
});
