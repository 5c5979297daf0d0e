import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../../../../schemas/settings.ts";
import { openSettings } from "../../../../server/runtime/settings-source.ts";
import { readSettings } from "../../../../server/surfaces/lsp/options.ts";
import { testDispatch } from "../../../support/dispatch.ts";
import { editorOn } from "../../../support/editor.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";
import { testWorkspace } from "../../../support/workspace.ts";
import { runtimeOf } from "./support.ts";

describe("settings changed in the editor", () => {
  const user = ownUserFolder();
  after(() => user.restore());

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

  it("come from the user, and a workspace and its folder tighten them, including those in the user's own file", async () => {
    const config = user.use();
    await mkdir(join(config, "coditect-agents"), { recursive: true });
    const own = { limits: { cost_per_run: 2 }, run_timeout_seconds: 600, runtime: "Local", lessons: true };
    await writeFile(join(config, "coditect-agents/settings.json"), JSON.stringify(own));
    const here = "file:///work/here";
    const held = (folders: object, runtime: object = {}, folder = here) => {
      const { settings } = readSettings({ runtime, folders });
      const { chosen, asked } = settings;
      const source = { workspace: config, chosen, chosenBy: "editor", guessed: {} } as const;
      return openSettings({ ...source, asked: asked(folder) }).current();
    };
    const [loose, strict] = [
      { limits: { cost_per_run: 4 }, run_timeout_seconds: 1800, runtime: "CloudRun", lessons: true },
      { limits: { cost_per_run: 1 }, run_timeout_seconds: 60, runtime: "Docker", lessons: false },
    ];
    assert.partialDeepStrictEqual(held({ [here]: [loose] }), own);
    assert.partialDeepStrictEqual(held({ [here]: [strict, loose] }), strict);
    assert.partialDeepStrictEqual(held({ [here]: [loose, strict] }), strict);
    assert.partialDeepStrictEqual(held({ "file:///work/other": [strict] }), own);
    assert.partialDeepStrictEqual(held({ [here]: [{ lessons: 1, runtime: "agent", limits: 3 }] }), own);
    assert.equal(held({ [here]: [loose] }, { limits: { cost_per_run: 3 } }).limits.cost_per_run, 3);
    assert.partialDeepStrictEqual(held({ [here]: [strict] }, { limits: { cost_per_run: -1 } }), strict);
  });
});
