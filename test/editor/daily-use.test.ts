import { skipUnlessNull } from "../support/skip.ts";
import { throughModel } from "./models.ts";
import { missingPart } from "./parts.ts";
import { useWorkbench } from "./suite.ts";

describe("daily use", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();

  it("lists an alert in a view of its own and in the status bar until it is acknowledged", async () => {
    const settings = { "coditect.limits.tokensPerDay": 10_000_000, "coditect.alerts.limitShare": 0.00001 };
    const workbench = await parts.session.open(await parts.session.project(settings));
    await workbench.rehearse();
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

  it("says before a run what it will take, keeps a draft, and leads with the task while it runs", async () => {
    const workbench = await parts.session.open(await parts.session.project(throughModel(parts.model)));
    await workbench.openFile("src/bill.js");
    parts.model.hold();
    const title = "Run TDD Team on Current File";
    await workbench.page.locator(".editor-actions").getByRole("button", { name: title }).waitFor();
    await workbench.command(`CODITECT: ${title}`);
    const picker = workbench.page.locator(".quick-input-widget:visible");
    await picker.locator("input[type=text]").fill("Refuse fractions");
    await picker.getByText(/^Expected: .* no similar runs yet$/).waitFor();
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
