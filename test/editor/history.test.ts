import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { skipUnlessNull } from "../support/skip.ts";
import { missingPart, root } from "./parts.ts";
import { useWorkbench } from "./suite.ts";
import type { Workbench } from "./workbench.ts";

const RUNS = 200;
const THEMES = [
  ["light", "Default Light Modern", ".vs"],
  ["dark", "Default Dark Modern", ".vs-dark"],
  ["contrast", "Default High Contrast", ".hc-black"],
] as const;

describe("a workspace with a long history", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();

  let folder: string;
  const window = parts.shareWindow(async () => {
    folder = await parts.session.shortProject(parts.model);
    await promisify(execFile)(
      process.execPath,
      [join(root, "test", "editor", "fill-history.ts"), folder, String(RUNS)],
      { env: { ...process.env, ...parts.session.server.environment } },
    );
    return folder;
  });

  /** Opens the view with the newest run visible. */
  const openHistory = async (): Promise<Workbench> => {
    const workbench = await window();
    await workbench.showView();
    await workbench.treeItem(/^Run /).first().waitFor();
    await workbench.command("Focus on Runs View");
    await workbench.page.keyboard.press("Home");
    return workbench;
  };

  it("lists the newest of 200 runs, and finds one by its words", async () => {
    const workbench = await openHistory();
    await workbench.treeItem(/^Run tdd: Task 0: split/).waitFor();
    await workbench.picture("history");
    await workbench.command("CODITECT: Filter Runs…");
    await workbench.answer(/./, "Task 49:");
    await workbench.treeItem(/^Run bug-fix: Task 49:/).waitFor();
    await workbench.picture("history-filtered");
    await workbench.command("CODITECT: Clear Filter");
    await workbench.treeItem(/^Run tdd: Task 0: split/).waitFor();
    // Uses only the keyboard, page after page. The focus must stay when there are no more pages.
    await workbench.command("Focus on Runs View");
    const focused = workbench.page.locator(".focused");
    for (let page = 1; page < RUNS / 50; page++) {
      await workbench.page.keyboard.press("End");
      await workbench.treeItem("Load more runs").and(focused).waitFor();
      await workbench.page.keyboard.press("Enter");
      await workbench.treeItem("Load more runs").waitFor({ state: "hidden" });
    }
    await workbench.page.keyboard.press("End");
    await workbench.treeItem("All runs are shown").and(focused).waitFor();
    await workbench.picture("history-more");
  });

  it("is readable in light, dark and high contrast", async () => {
    const workbench = await openHistory();
    const { page } = workbench;
    await workbench.runShort();
    await workbench.expand(/^Stage change/);
    const execution = workbench.treeItem(/^Execution of Coder/).first();
    const inFrame = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    for (const [name, theme, selector] of THEMES) {
      const settings = { "workbench.colorTheme": theme };
      await writeFile(join(folder, ".vscode", "settings.json"), JSON.stringify(settings));
      await page.locator(`.monaco-workbench${selector}`).waitFor();
      await execution.click();
      await inFrame.getByRole("heading", { name: /^End/ }).waitFor();
      await inFrame.locator("summary", { hasText: "edit_file" }).first().click();
      await workbench.picture(`transcript-${name}`);
      await workbench.command("View: Close All Editors");
      await workbench.command("CODITECT: Show Dashboard");
      await inFrame.getByText("Most expensive runs").waitFor();
      await workbench.picture(`dashboard-${name}`);
      await workbench.command("View: Close All Editors");
    }
    // A change of the theme paints every line again: none with what it said before.
    assert.equal(await page.getByText("checking gates").count(), 0);
  });
});
