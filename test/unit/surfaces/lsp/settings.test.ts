import assert from "node:assert/strict";
import type { Settings } from "../../../../schemas/settings.ts";
import { testDispatch } from "../../../support/dispatch.ts";
import { editorOn } from "../../../support/editor.ts";
import { testWorkspace } from "../../../support/workspace.ts";
import { runtimeOf } from "./support.ts";

describe("settings changed in the editor", () => {
  it("hold at once for runtimes that are open, and not at all when one is wrong", async () => {
    const workspace = await testWorkspace();
    const configured: Settings[] = [];
    const opened: Settings[] = [];
    const editor = editorOn(workspace.root, (_folder, _state, { settings }) => {
      opened.push(settings.runtime);
      return Promise.resolve({
        ...runtimeOf(testDispatch(workspace.root)),
        configure: (settings: Settings) => configured.push(settings),
      });
    });
    await editor.initialize();
    const change = async (runtime: object) => {
      await editor.connection.sendNotification("workspace/didChangeConfiguration", {
        settings: { coditect: { runtime } },
      });
      // The answer comes after the notification was worked on.
      await editor.connection.sendRequest("coditect/runtime/status", {});
    };
    await change({ context_tokens: 1000 });
    assert.deepEqual([opened.map((settings) => settings.context_tokens), configured], [[1000], []]);
    await change({ limits: { cost_per_run: 1 } });
    assert.deepEqual(
      configured.map(({ limits }) => limits.cost_per_run),
      [1],
    );
    await change({ limits: { cost_per_run: -1 } });
    assert.equal(configured.length, 1);
    assert.match(JSON.stringify(await editor.next("window/showMessage")), /limits\.cost_per_run/);
    await editor.close();
    await workspace.remove();
  });
});
