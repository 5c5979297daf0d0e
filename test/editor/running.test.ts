import assert from "node:assert/strict";
import { skipUnlessNull } from "../support/skip.ts";
import { ASKING_TASK, throughModel } from "./models.ts";
import { pace } from "./pace.ts";
import { missingPart } from "./parts.ts";
import { useWorkbench } from "./suite.ts";

describe("an active run", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();
  const window = parts.shareWindow(() => parts.session.project(throughModel(parts.model)));

  it("stops when it is cancelled", async () => {
    const workbench = await window();
    await workbench.openFile("src/bill.js");
    parts.model.hold();
    await workbench.runTdd("Stop halfway");
    await parts.model.waiting();
    await workbench.showView();
    await workbench.treeItem(/^Stage write-tests, Running/).waitFor();
    await workbench.picture("running");

    await workbench.command("CODITECT: Cancel Run");
    await workbench.treeItem(/^Run tdd: Stop halfway.*cancelled/).waitFor();
    parts.model.release();
    await workbench.picture("cancelled");
  });

  it("shows a transcript that grows while the agent works", async () => {
    const workbench = await window();
    await workbench.openFile("src/bill.js");
    // The first turn passes; the second one waits.
    parts.model.hold(1);
    await workbench.runTdd("Say what you do");
    await parts.model.waiting();
    await workbench.showView();
    const execution = workbench.treeItem(/^Execution of Test Writer/).first();
    await execution.hover();
    await execution.getByRole("button", { name: "Show Transcript" }).click();
    const { page } = workbench;
    const transcript = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    const words = (text: string) => transcript.locator(".words", { hasText: text });
    await words("I look at what split() does today").waitFor();
    const prompt = transcript.locator("details", { hasText: "Agent: TestWriter" });
    assert.equal(await prompt.getAttribute("open"), null);
    await workbench.picture("transcript");
    assert.equal(await words("Sharing 100 cents among three").count(), 0);
    parts.model.release();
    // The agent's two other turns pass; the next stage waits.
    parts.model.hold(2);
    await workbench
      .treeItem(/^Stage write-tests, Completed/)
      .first()
      .waitFor();
    await words("Sharing 100 cents among three").waitFor();
    await transcript.getByRole("heading", { name: "End: Completed" }).waitFor();
    await transcript.locator("summary", { hasText: "run_tests" }).first().click();
    await workbench.picture("transcript-ended");
    await page.keyboard.press("Control+F");
    await page.locator(".simple-find-part.visible input").first().fill("three people");
    await page.keyboard.press("Escape");
    await transcript.getByRole("button", { name: "Copy as Markdown" }).click();
    await page.getByText("The transcript was copied.").waitFor();
    await parts.model.waiting();
    await workbench.command("CODITECT: Cancel Run");
    await workbench.treeItem(/^Run tdd: Say what you do.*cancelled/).waitFor();
    parts.model.release();
  });

  it("asks for a program that an agent wants to run, and remembers the answer until it is revoked", async () => {
    const workbench = await window();
    await workbench.openFile("src/bill.js");
    await workbench.runTdd(ASKING_TASK);
    const question = workbench.notification(/Allow Test Writer to run cat\? Command: cat package\.json/);
    await question.waitFor({ timeout: pace.deadline(60_000) });
    await workbench.picture("permission");
    await question.getByRole("button", { name: "Allow in This Workspace" }).click();
    await workbench
      .notification(/Look at the manifest first: a gate failed/)
      .waitFor({ timeout: pace.deadline(90_000) });
    assert.match(JSON.stringify(parts.model.requests.at(-1)), /Exit code 0/);
    await workbench.command("CODITECT: Revoke Consents");
    await workbench.page.locator(".quick-input-list", { hasText: "TestWriter: cat" }).waitFor();
    await workbench.picture("permission-revoke");
  });

  it("shows an estimate before a run, keeps a draft, and shows the task first while it runs", async () => {
    const workbench = await window();
    await workbench.openFile("src/bill.js");
    parts.model.hold();
    const title = "Run TDD Team on Current File";
    await workbench.page.locator(".editor-actions").getByRole("button", { name: title }).waitFor();
    await workbench.command(`CODITECT: ${title}`);
    const picker = workbench.page.locator(".quick-input-widget:visible");
    await picker.locator("input[type=text]").fill("Refuse fractions");
    await picker.getByText(/^Expected: .* (no similar runs yet|from \d+ runs?)$/).waitFor();
    await workbench.picture("forecast");
    await workbench.choose("Write It in an Editor");
    await workbench.page.locator(".view-line", { hasText: "Refuse fractions" }).waitFor();
    await workbench.page.keyboard.press("Control+End");
    await workbench.page.keyboard.type(" of a cent");
    const question = workbench.notification("Write the task in this editor");
    await question.hover();
    await question.getByRole("button", { name: /Clear Notification/ }).click();
    await picker.locator(".monaco-list-row", { hasText: "Refuse fractions of a cent" }).first().waitFor();
    await workbench.choose("Start");
    await parts.model.waiting();
    await workbench.showView();
    await workbench.treeItem(/^Run tdd: Refuse fractions of a cent, running/).waitFor();
    await workbench.treeItem(/^Stage write-tests, Running, \d+ s/).waitFor();
    await workbench.picture("running-elapsed");
    const status = workbench.page.locator(".part.statusbar").getByRole("button", { name: /1 active run/ });
    await status.waitFor();
    await workbench.command("CODITECT: Cancel Run");
    await workbench.treeItem(/^Run tdd: Refuse fractions.*cancelled/).waitFor();
    parts.model.release();
  });
});
