import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { skipUnlessNull } from "../support/skip.ts";
import { startHeldModel, type HeldModel } from "./models.ts";
import { installCodeServer, missingPart } from "./parts.ts";
import { startSession, type EditorSession } from "./session.ts";

await installCodeServer().catch(() => undefined);

describe("the first start", function () {
  skipUnlessNull(this, missingPart());
  let session: EditorSession;
  let model: HeldModel;

  before(async () => {
    model = await startHeldModel();
    session = await startSession();
  });
  after(async () => {
    await session.close();
    await model.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed") await session.picture(`failed ${this.currentTest.title}`);
  });

  it("leads from a model that answers, over the rehearsal, to the user's own file", async () => {
    const workbench = await session.open(
      await session.project({ "coditect.model.ollamaEndpoint": model.endpoint }),
    );
    const { page } = workbench;
    const choose = async (title: string) => {
      const step = page.locator(".getting-started-step", { hasText: title });
      await step.click();
      // It takes the focus a moment after it was chosen, and what opens before that is closed again.
      await step.blur();
      await step.and(page.locator(":focus")).waitFor();
    };
    const isDone = (title: string) =>
      page.getByRole("checkbox", { name: new RegExp(title), checked: true }).waitFor();
    await workbench.command("CODITECT: Open Walkthrough");

    await choose("Choose a model");
    await page.getByRole("button", { name: "Choose Provider and Model…" }).click();
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "free" }).waitFor();
    await workbench.picture("models");
    await workbench.choose("free");
    await workbench.notification("Agents now ask Ollama").waitFor();
    await isDone("Choose a model");

    await choose("See a team at work");
    await page.getByRole("button", { name: "Run the Rehearsal" }).click();
    await workbench.notification(/every gate held/).waitFor({ timeout: 90_000 });
    await isDone("See a team at work");

    await choose("Run the TDD team on your own file");
    await page.getByRole("button", { name: "Open a File" }).click();
    await page.locator(".quick-input-widget input[type=text]").fill("src/bill.js");
    await workbench.choose("bill.js");
    await workbench.editor("src/bill.js").waitFor();
    model.hold();
    await page
      .locator(".editor-actions")
      .getByRole("button", { name: "Run TDD Team on Current File" })
      .click();
    await model.waiting();
    await workbench.command("CODITECT: Open Walkthrough");
    await isDone("Run the TDD team on your own file");
    await workbench.picture("walkthrough-done");
  });
});

describe("the first start on a machine without a sandbox", function () {
  skipUnlessNull(this, missingPart());
  let session: EditorSession;
  let programs: string;

  before(async () => {
    programs = await mkdtemp(join(tmpdir(), "coditect-programs-"));
    // As bubblewrap is where the system allows no namespaces.
    await writeFile(join(programs, "bwrap"), "#!/bin/sh\nexit 1\n");
    await chmod(join(programs, "bwrap"), 0o755);
    session = await startSession({
      // As if started from a shell: else VS Code takes the path of a login shell.
      environment: { PATH: `${programs}${delimiter}${process.env.PATH ?? ""}`, VSCODE_CLI: "1" },
      settings: { "coditect.run.unconfined": "ask" },
    });
  });
  after(async () => {
    await session.close();
    await rm(programs, { recursive: true });
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed") await session.picture(`failed ${this.currentTest.title}`);
  });

  it("asks before a command runs unconfined, and goes on when the user allows it", async () => {
    const workbench = await session.open(await session.project());
    await workbench.showView();
    await workbench.page.getByRole("button", { name: "Run the Rehearsal" }).click();
    const question = workbench.notification(/waits for your consent/);
    await question.waitFor();
    await workbench.picture("consent");
    assert.equal(await workbench.treeItem(/^Run tdd/).count(), 0);
    await question.getByRole("button", { name: "Allow in This Workspace" }).click();
    await workbench.treeItem(/^Run tdd.*every gate held/).waitFor({ timeout: 90_000 });
  });
});
