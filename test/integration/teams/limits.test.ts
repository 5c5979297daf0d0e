import assert from "node:assert/strict";
import type { RunFinished } from "../../../schemas/events.ts";
import { shippedPath } from "../../../server/platform/installation.ts";
import { builtInScript, rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { startRehearsal, type RehearsalServer } from "../../../server/rehearsal/server.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";

const tokensOf = ({ usage }: RunFinished): number => usage.input_tokens + usage.output_tokens;

describe("a run that hits a cap", () => {
  let model: RehearsalServer;
  let project: TestRuntime;

  before(async () => {
    model = await startRehearsal([await builtInScript("architecture")]);
    project = await startRuntime({
      project: shippedPath("media", "sample"),
      settings: { provider: rehearsalProvider(model), response_cache: false },
    });
  });
  after(async () => {
    await project.close();
    await model.close();
  });

  it("stops before the call that would pass it, and goes on after it was raised without paying twice", async () => {
    const { task } = await builtInScript("architecture");
    const undisturbed = await project.run("architecture", { task });
    const asked = model.requests.length;

    const cap = Math.round(0.7 * tokensOf(undisturbed));
    const capped = await project.run("architecture", { task, options: { limits: { tokens_per_run: cap } } });
    assert.equal(capped.status, "LimitReached");
    assert.match(capped.error?.message ?? "", /tokens_per_run of [\d.,]+/);
    const used = tokensOf(capped);
    assert.ok(used > 0 && used <= cap, `${used} tokens were used under a cap of ${cap}`);

    const { task_id } = capped;
    await project.call("runs/resume", { task_id, options: { limits: { tokens_per_run: 1_000_000 } } });
    const ended = await project.event(
      "run.finished",
      (event) => event.task_id === task_id && event !== capped,
    );
    assert.equal(ended.status, "Succeeded", ended.error?.message);
    assert.equal(model.requests.length - asked, asked);
    assert.deepEqual(
      [ended.usage.input_tokens, ended.usage.output_tokens, ended.usage.api_calls],
      [undisturbed.usage.input_tokens, undisturbed.usage.output_tokens, undisturbed.usage.api_calls],
    );
  });
});
