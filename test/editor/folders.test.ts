import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { skipUnlessNull } from "../support/skip.ts";
import { missingPart, savedText } from "./parts.ts";
import { useWorkbench } from "./suite.ts";

describe("a window with two folders", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();

  it("runs each team in the folder of its file, and shows the runs of both", async () => {
    const workspace = await parts.session.shortWorkspace(["lunch", "dinner"], parts.model);
    const [lunch, dinner] = [join(dirname(workspace), "lunch"), join(dirname(workspace), "dinner")];
    const source = join("src", "bill.js");
    const original = await readFile(join(lunch, source), "utf8");
    const workbench = await parts.session.open(workspace);
    for (const folder of ["lunch", "dinner"])
      await workbench.page.locator(".explorer-folders-view .monaco-list-row", { hasText: folder }).waitFor();

    await workbench.openFile(join(dinner, source), /bill\.js.*dinner/);
    await workbench.runTdd("Round to whole cents");
    await workbench.allowTeam();
    await workbench.showView();
    await workbench.runHeld(/^Run tdd.*every gate held.*dinner/);
    await workbench.command("CODITECT: Accept All Changes");
    await workbench.treeItem(/^Changed file src\/bill\.js.*applied/).waitFor();

    await workbench.openFile(join(lunch, source), /bill\.js.*lunch/);
    parts.model.hold();
    await workbench.runTdd("Round to whole cents");
    // Each folder's own team is allowed by itself.
    await workbench.allowTeam();
    await parts.model.waiting();
    await workbench.treeItem(/^Run tdd.*running.*lunch/).waitFor();
    await workbench.treeItem(/^Run tdd.*every gate held.*dinner/).waitFor();
    await workbench.command("Problems: Focus on Problems View");
    const problems = workbench.page.locator(".markers-panel .monaco-list-row");
    await problems.filter({ hasText: "A fraction of a cent is not refused" }).waitFor();
    await problems.filter({ hasText: /bill\.js.*dinner/ }).waitFor();
    await workbench.picture("two-folders");

    await savedText(join(dinner, source), /Math\.floor\(cents \/ people\)/);
    assert.equal(await readFile(join(lunch, source), "utf8"), original);
    for (const folder of [lunch, dinner]) await access(join(folder, ".coditect", "state", "lock"));
  });
});
