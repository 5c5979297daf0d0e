import { skipUnlessNull } from "../support/skip.ts";
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
});
