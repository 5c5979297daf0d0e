import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { skipUnlessNull } from "../support/skip.ts";
import { ASKING_TASK, throughModel } from "./models.ts";
import { pace } from "./pace.ts";
import { missingPart, savedText } from "./parts.ts";
import { useWorkbench } from "./suite.ts";

describe("what the user reads and decides", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();

  it("accepts one hunk of a diff and discards the other", async () => {
    const folder = await parts.session.project();
    const workbench = await parts.session.open(folder);
    await workbench.rehearse();
    await workbench.treeItem(/^Changed file src\/bill\.js/).click();
    const proposed = workbench.page.locator(".editor.modified .view-line");
    const decide = async (line: string, command: string) => {
      await proposed.filter({ hasText: line }).click();
      await workbench.command(command);
    };
    await decide("Math.floor(cents / people)", "CODITECT: Accept Hunk");
    await workbench.page.locator(".editor.original .view-line", { hasText: "const leftOver" }).waitFor();
    await workbench.picture("hunk-accepted");
    await decide("the first ones pay one cent more", "CODITECT: Discard Hunk");
    await workbench.treeItem(/^Changed file src\/bill\.js.*applied in part/).waitFor();
    const written = await savedText(join(folder, "src/bill.js"), /Math\.floor\(cents \/ people\)/);
    assert.doesNotMatch(written, /the first ones pay one cent more/);
  });

  it("says which file could not be saved, and keeps the change in its editor", async () => {
    const folder = await parts.session.project({ "files.readonlyInclude": { "src/**": true } });
    const source = join(folder, "src/bill.js");
    const workbench = await parts.session.open(folder);
    await workbench.rehearse();
    await workbench.command("CODITECT: Accept All Changes");
    await workbench.notification(/src\/bill\.js could not be saved/).waitFor();
    await workbench.picture("not-saved");
    assert.doesNotMatch(await readFile(source, "utf8"), /Math\.floor\(cents \/ people\)/);
    await workbench.openFile("src/bill.js");
    await workbench.page.locator(".view-line", { hasText: "Math.floor(cents / people)" }).waitFor();
  });

  it("shows a transcript that grows while the agent works", async () => {
    const workbench = await parts.session.open(await parts.session.project(throughModel(parts.model)));
    await workbench.openFile("src/bill.js");
    // The first turn passes; the second one waits.
    parts.model.hold(1);
    await workbench.runTdd();
    await parts.model.waiting();
    await workbench.showView();
    const execution = workbench.treeItem(/^Execution of Test Writer/);
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
    await workbench.treeItem(/^Stage write-tests, Completed/).waitFor();
    await words("Sharing 100 cents among three").waitFor();
    await transcript.getByRole("heading", { name: "End: Completed" }).waitFor();
    await transcript.locator("summary", { hasText: "run_tests" }).first().click();
    await workbench.picture("transcript-ended");
    await page.keyboard.press("Control+F");
    await page.locator(".simple-find-part.visible input").first().fill("three people");
    await page.keyboard.press("Escape");
    await transcript.getByRole("button", { name: "Copy as Markdown" }).click();
    await page.getByText("The transcript was copied.").waitFor();
  });

  it("asks for a program that an agent wants to run, and remembers the answer until it is revoked", async () => {
    const workbench = await parts.session.open(await parts.session.project(throughModel(parts.model)));
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

  it("keeps a rating, and why, for later runs", async () => {
    const folder = await parts.session.project();
    const workbench = await parts.session.open(folder);
    await workbench.rehearse();
    await workbench.command("CODITECT: Rate Run");
    await workbench.choose("Good");
    await workbench.answer("Why?", "The tests say what is meant");
    await workbench.notification(/Your rating of .* was saved/).waitFor();
    await workbench.picture("rated");
    assert.match(await readFile(join(folder, ".coditect/lessons.md"), "utf8"), /The tests say what is meant/);
  });

  it("makes an agent and a team, and says at its line what is wrong in one", async () => {
    const asTyped = { "editor.autoClosingBrackets": "never", "editor.autoSurround": "never" };
    const workbench = await parts.session.open(
      await parts.session.project({ ...asTyped, "editor.autoIndent": "none" }),
    );
    const { page } = workbench;
    await workbench.command("CODITECT: New Agent…");
    await workbench.choose("Coder");
    await workbench.answer("Name", "Careful Coder");
    await workbench.editor(".coditect/agents/careful-coder.json").waitFor();
    await workbench.command("CODITECT: New Team…");
    await workbench.choose("bug-fix");
    await workbench.answer("Name", "Two Eyes");
    await workbench.editor(".coditect/teams/two-eyes.json").waitFor();

    await page.keyboard.press("Control+A");
    await page.keyboard.insertText('{\n  "name": "Two Eyes",\n  "members": "nobody"\n}\n');
    await workbench.command("Problems: Focus on Problems View");
    const problem = page.locator(".markers-panel .monaco-list-row", {
      hasText: 'Incorrect type. Expected "array".',
    });
    await problem.filter({ hasText: "[Ln 3, Col 14]" }).waitFor();
    await workbench.picture("team-with-a-mistake");
  });
});
