import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { skipUnlessNull } from "../support/skip.ts";
import { missingPart, savedText } from "./parts.ts";
import { useWorkbench } from "./suite.ts";
import type { Workbench } from "./workbench.ts";

/** The run of the tests raises one alert. */
const ALERTING = { "coditect.limits.tokensPerDay": 10_000_000, "coditect.alerts.limitShare": 0.00001 };

describe("what the user reads and decides", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();

  let folder = "";
  let hasRun = false;
  const window = parts.shareWindow(async () => {
    hasRun = false;
    return (folder = await parts.session.shortProject(parts.model, ALERTING));
  });
  /** A window after a run. Each test decides something else about the run. */
  const finished = async (): Promise<{ workbench: Workbench; folder: string }> => {
    const workbench = await window();
    if (!hasRun) await workbench.runShort();
    hasRun = true;
    await workbench.showView();
    return { workbench, folder };
  };

  it("accepts one hunk of a diff and discards the other", async () => {
    const { workbench, folder } = await finished();
    await workbench.command("CODITECT: Discard All Changes");
    const question = workbench.page.locator(".monaco-dialog-box", { hasText: "Discard every change" });
    await question.waitFor();
    await workbench.picture("discard-all");
    await workbench.page.keyboard.press("Escape");
    await question.waitFor({ state: "detached" });
    // The diff of the file opens only for changes that are still there to review.
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

  it("keeps a rating, and why, for later runs", async () => {
    const { workbench, folder } = await finished();
    await workbench.command("CODITECT: Rate Run");
    await workbench.choose("Good");
    await workbench.answer("Why?", "The tests say what is meant");
    await workbench.notification(/Your rating of .* was saved/).waitFor();
    await workbench.picture("rated");
    assert.match(await readFile(join(folder, ".coditect/lessons.md"), "utf8"), /The tests say what is meant/);
  });

  it("lists an alert in its own view and in the status bar until it is acknowledged", async () => {
    const { workbench } = await finished();
    const status = workbench.page.locator(".part.statusbar").getByText("1 alert", { exact: true });
    await status.waitFor();
    await status.click();
    const alert = workbench.treeItem(/^Warning: Tokens of the day/);
    await alert.hover();
    await workbench.picture("alert");
    await alert.getByRole("button", { name: "Acknowledge Alert" }).click();
    await status.waitFor({ state: "hidden" });
    await workbench.treeItem(/^Warning: Tokens of the day.* acknowledged$/).waitFor();
    await workbench.picture("alert-acknowledged");
  });
});

describe("a file that cannot be saved", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();

  it("is named, and its editor keeps the change", async () => {
    const folder = await parts.session.shortProject(parts.model, {
      "files.readonlyInclude": { "src/**": true },
    });
    const source = join(folder, "src/bill.js");
    const workbench = await parts.session.open(folder);
    await workbench.runShort();
    await workbench.command("CODITECT: Accept All Changes");
    await workbench.notification(/src\/bill\.js could not be saved/).waitFor();
    await workbench.picture("not-saved");
    assert.doesNotMatch(await readFile(source, "utf8"), /Math\.floor\(cents \/ people\)/);
    await workbench.openFile("src/bill.js");
    await workbench.page.locator(".view-line", { hasText: "Math.floor(cents / people)" }).waitFor();
  });
});
