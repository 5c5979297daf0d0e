import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import texts from "../../package.nls.json" with { type: "json" };
import { skipUnlessNull } from "../support/skip.ts";
import { pace } from "./pace.ts";
import { missingPart } from "./parts.ts";
import { useWorkbench } from "./suite.ts";

describe("the first start", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench(() => ({}));

  it("leads from a model that answers, over the rehearsal, to the user's own file", async () => {
    const workbench = await parts.session.open(
      await parts.session.project({ "coditect.model.ollamaEndpoint": parts.model.endpoint }),
    );
    const { page } = workbench;
    const choose = async (title: string) => {
      const step = page.locator(".getting-started-step", { hasText: title });
      // The workbench focuses a step shortly after it was chosen, and this closes what opened before that.
      // A real click would focus the step at once, so that the later focus changes nothing.
      await step.blur();
      await step.dispatchEvent("click");
      await step.and(page.locator(":focus")).waitFor();
    };
    const isDone = (title: string) =>
      page
        .getByRole("checkbox", { name: new RegExp(title), checked: true })
        .waitFor({ timeout: pace.deadline(90_000) });
    await workbench.command("CODITECT: Open Walkthrough");
    await page.getByText(texts["walkthrough.rehearse"]).first().waitFor();
    await workbench.picture("first-start");

    await choose(texts["walkthrough.model"]);
    await page.getByRole("button", { name: "Choose Provider and Model…" }).click();
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "free" }).waitFor();
    await workbench.picture("models");
    await workbench.choose("free");
    await workbench.notification("Agents now use Ollama").waitFor();
    await isDone(texts["walkthrough.model"]);

    await choose(texts["walkthrough.rehearse"]);
    await page.getByRole("button", { name: "Run the Rehearsal" }).click();
    await workbench.notification(/every gate held/).waitFor({ timeout: pace.deadline(90_000) });
    await isDone(texts["walkthrough.rehearse"]);

    await choose(texts["walkthrough.own"]);
    await page.getByRole("button", { name: "Open a File" }).click();
    await page.locator(".quick-input-widget input[type=text]").fill("src/bill.js");
    await workbench.choose("bill.js");
    await workbench.editor("src/bill.js").waitFor();
    parts.model.hold();
    await page
      .locator(".editor-actions")
      .getByRole("button", { name: "Run TDD Team on Current File" })
      .click();
    // It asks what to build; without an answer the team takes its own task for the file.
    await workbench.choose("Start");
    await parts.model.waiting();
    parts.model.release();
    // The scripted model is the rehearsal's, so its run does not tick the step of the user's own.
    await workbench.showView();
    const held = workbench.treeItem(/^Run tdd.*every gate held/);
    await held.nth(1).waitFor({ timeout: pace.deadline(90_000) });
    await workbench.picture("walkthrough-done");
  });
});

describe("the first run without a model", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench(() => ({}));

  it("says what there is, and starts with what the user picks", async () => {
    const workbench = await parts.session.open(
      await parts.session.project({ "coditect.model.ollamaEndpoint": "http://127.0.0.1:9" }),
    );
    const { page } = workbench;
    await workbench.openFile("src/bill.js");
    await page
      .locator(".editor-actions")
      .getByRole("button", { name: "Run TDD Team on Current File" })
      .click();
    await workbench.choose("Start");
    const rows = page.locator(".quick-input-list .monaco-list-row");
    await rows.filter({ hasText: "Set the key for Claude" }).waitFor();
    await rows.filter({ hasText: "connection refused" }).waitFor();
    await workbench.picture("first-model");
    await workbench.choose("Rehearsal");
    await workbench.showView();
    await workbench.stageCompleted("write-tests");
  });
});

describe("the first start on a machine without a sandbox", function () {
  skipUnlessNull(this, missingPart());
  let programs: string;

  before(async () => {
    programs = await mkdtemp(join(tmpdir(), "coditect-programs-"));
    // As bubblewrap is where the system allows no namespaces.
    await writeFile(join(programs, "bwrap"), "#!/bin/sh\nexit 1\n");
    await chmod(join(programs, "bwrap"), 0o755);
  });
  const parts = useWorkbench(() => ({
    // As if started from a shell: else VS Code takes the path of a login shell.
    environment: { PATH: `${programs}${delimiter}${process.env.PATH ?? ""}`, VSCODE_CLI: "1" },
    settings: { "coditect.run.unconfined": "ask" },
  }));
  after(() => rm(programs, { recursive: true }));

  it("asks before a command runs unconfined, and goes on when the user allows it", async () => {
    const workbench = await parts.session.open(await parts.session.project());
    await workbench.showView();
    await workbench.page.getByRole("button", { name: "Run the Rehearsal" }).click();
    const question = workbench.notification(/needs your approval/);
    await question.waitFor();
    await workbench.picture("consent");
    assert.equal(await workbench.treeItem(/^Run tdd/).count(), 0);
    await question.getByRole("button", { name: "Allow in This Workspace" }).click();
    // Its gate has run the new tests.
    await workbench.stageCompleted("write-tests");
  });
});
