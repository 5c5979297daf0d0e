import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claimStateFolder } from "../../../../server/hosting/state-stamp.ts";
import { recordMetrics } from "../../../../server/metrics/record.ts";
import { openStore } from "../../../../server/store/open.ts";
import { runCommand } from "../../../support/command.ts";
import { anExecution, aTask } from "../../../support/records.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

describe("coditect metrics and report", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace();
  });
  after(() => workspace.remove());

  const run = async (...args: string[]) => {
    const { exit_code, stdout, stderr } = await runCommand(args, { folder: workspace.root });
    assert.doesNotMatch(stderr, /^ +at /m);
    return [exit_code, stdout, stderr] as const;
  };

  it("say in words what is wrong with a span", async () => {
    for (const [args, problem] of [
      [["metrics", "--since", "yesterday"], /--since must be a date, such as 2026-01-31/],
      [["report", "--since", "2099-01-01"], /begins on 2099-01-01, after its end: today/],
    ] as const) {
      const [code, , stderr] = await run(...args);
      assert.equal(code, 2);
      assert.match(stderr, problem);
    }
  });

  it("name the folder where a page cannot be written", async () => {
    const [code, , stderr] = await run("report", ".");
    assert.equal(code, 3);
    assert.match(stderr, /Could not write .*: it is a folder/);
  });

  it("say that nothing has ended yet", async () => {
    const [code, stdout] = await run("metrics");
    assert.equal(code, 0);
    assert.match(stdout, /No execution ended in this time\./);
  });

  it("leave out a damaged day of a state file that was restored by hand", async () => {
    const folder = join(workspace.root, ".coditect", "state");
    claimStateFolder(folder, workspace.root);
    const store = await openStore({ folder, durability: "os", foldAt: 1 });
    const ended = {
      ...anExecution(aTask().task_id),
      tenant_id: store.tenantId,
      status: "Completed",
    } as const;
    for (const day of ["2026-03-01", "2026-03-02"])
      await store.commit((transaction) => {
        transaction.put("executions", { ...ended, completed_at: `${day}T12:00:00.000Z` });
        recordMetrics(transaction, store.tenantId, ended.execution_id);
      });
    const reviewed = {
      ...anExecution(ended.task_id),
      tenant_id: store.tenantId,
      status: "Completed",
    } as const;
    await store.commit((transaction) => {
      const metadata = { ...reviewed.metadata, agent_type: "Reviewer" } as const;
      transaction.put("executions", { ...reviewed, metadata, completed_at: "2026-03-02T12:00:00.000Z" });
      recordMetrics(transaction, store.tenantId, reviewed.execution_id);
    });
    await store.close();
    for (const name of await readdir(folder)) if (name.startsWith("journal")) await rm(join(folder, name));
    const state = await readFile(join(folder, "state.json"), "utf8");
    const damaged = state.replace(/metrics_by_day\/2026-03-02".*/, (line) =>
      line.replace(/"outcomes":\{[^}]*\}/, '"outcomes":null').replace('"Reviewer"', '"Nobody"'),
    );
    assert.notEqual(damaged, state);
    await writeFile(join(folder, "state.json"), damaged);

    const [code, stdout, stderr] = await run("metrics", "--until", "2026-03-05");
    assert.equal(code, 0);
    assert.match(stdout, /^2026-03-01 +1 /m);
    assert.match(
      stderr,
      /The metrics leave out 1 day, because the stored sums are damaged\. Run coditect doctor\./,
    );
    assert.equal((await run("alerts", "list"))[0], 0);
    assert.equal((await run("report", "page.html", "--until", "2026-03-05"))[0], 0);
    assert.match(await workspace.read("page.html"), /1 day is left out/);

    const [, repaired] = await run("doctor", "--repair");
    assert.match(repaired, /metrics_by_day\/2026-03-02: groups\.0\.outcomes was null, now \{\}/);
    assert.match(repaired, /groups\.1\.agent_type was "Nobody".*; groups\.1 was left out: \{/);
    const [, mended, problems] = await run("metrics", "--until", "2026-03-05");
    assert.match(mended, /^2026-03-02 +0 /m);
    assert.equal(problems, "");
  });
});
