import assert from "node:assert/strict";
import fc from "fast-check";
import { tightened, tightenedSetting } from "../../../schemas/tighten.ts";
import { runtimeSettings, workspaceRules } from "../../../client/contributions.ts";
import { settingTable } from "../../../schemas/setting-table.ts";

describe("a workspace's setting in the editor", () => {
  const runtime = (globalValue: string | undefined, workspaceValue?: string, workspaceFolderValue?: string) =>
    tightenedSetting(workspaceRules["run.runtime"], "agent", {
      globalValue,
      workspaceValue,
      workspaceFolderValue,
    });
  const minutes = (globalValue: number | undefined, workspaceValue?: number, workspaceFolderValue?: number) =>
    tightenedSetting(workspaceRules["run.timeoutMinutes"], 60, {
      globalValue,
      workspaceValue,
      workspaceFolderValue,
    });

  it("can move instances from local processes to containers, and nowhere else", () => {
    assert.equal(runtime("Local", "Docker"), "Docker");
    assert.equal(runtime("Local", undefined, "Docker"), "Docker");
    for (const other of ["agent", "Local", "Kubernetes", "CloudRun", "Nowhere"]) {
      for (const own of ["Local", "Docker", "Kubernetes", "CloudRun", "agent"])
        assert.equal(runtime(own, other, other), own);
      assert.equal(runtime(undefined, other, other), "agent");
    }
  });

  it("can shorten the time of a run, but not lengthen it", () => {
    assert.equal(minutes(30, 600, 90), 30);
    assert.equal(minutes(undefined, 600), 60);
    assert.equal(minutes(30, 20, 25), 20);
    assert.equal(minutes(undefined, undefined, 5), 5);
  });

  it("follows the same rule as in the workspace's own file", () => {
    const keys = {
      ...runtimeSettings,
      "run.runtime": "runtime",
      "run.timeoutMinutes": "run_timeout_seconds",
    };
    for (const [name, rule] of Object.entries(workspaceRules))
      for (const [, key] of Object.entries(keys).filter(([each]) => each === name))
        assert.deepEqual(
          Object.entries(settingTable).find(([each]) => each === key)?.[1].workspace,
          rule,
          name,
        );
  });

  it("cannot replace a value by one of another type", () => {
    const values = fc.oneof(fc.string(), fc.boolean(), fc.constant(null), fc.object());
    fc.assert(
      fc.property(values, (asked) => {
        assert.equal(tightened("lower", 30, asked), undefined);
        assert.equal(tightened(["Local", "Docker"], "Local", asked === "Docker" ? null : asked), undefined);
        if (asked !== false) assert.equal(tightened("off", true, asked), undefined);
      }),
    );
  });
});
