import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { skipUnlessNull } from "../support/skip.ts";
import { startKeyedProvider, throughModel } from "./models.ts";
import { missingPart, savedText } from "./parts.ts";
import type { EditorSession } from "./session.ts";
import { useWorkbench } from "./suite.ts";

const SUCCEEDED = /every gate held/;

describe("the extension in a real workbench", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();

  it("runs the team, shows every stage and its proof, and applies what is accepted", async () => {
    const folder = await parts.session.project();
    const workbench = await parts.session.open(folder);
    await workbench.rehearse();
    // It goes by itself after a while, unless the mouse is over it.
    await workbench.notification(SUCCEEDED).hover();
    for (const stage of ["write-tests", "implement", "review", "security", "quality-control"])
      await workbench.treeItem(new RegExp(`^Stage ${stage}, Completed`)).waitFor();
    await workbench.picture("run-ended");

    await workbench.notification(SUCCEEDED).getByRole("button", { name: "Review Changes" }).click();
    await workbench.page.locator(".multiDiffEntry").first().waitFor();
    await workbench.picture("review");
    assert.doesNotMatch(
      await readFile(join(folder, "src/bill.js"), "utf8"),
      /Math\.floor\(cents \/ people\)/,
    );

    await workbench.page
      .locator(".editor-actions")
      .getByRole("button", { name: "Accept All Changes" })
      .click();
    await workbench.treeItem(/^Changed file src\/bill\.js.*applied/).waitFor();
    await savedText(join(folder, "src/bill.js"), /Math\.floor\(cents \/ people\)/);
    await workbench.picture("accepted");
  });

  it("shows a finding where it stands, applies its fix, and keeps a dismissal over a reload", async () => {
    const folder = await parts.session.shortProject(parts.model);
    const workbench = await parts.session.open(folder);
    await workbench.runShort();
    await workbench.command("CODITECT: Accept All Changes");
    await workbench.treeItem(/^Changed file src\/bill\.js.*applied/).waitFor();
    await workbench.openFile("src/bill.js");
    await workbench.command("Problems: Focus on Problems View");
    const problem = workbench.page.locator(".markers-panel .monaco-list-row", {
      hasText: "A fraction of a cent is not refused",
    });
    await problem.waitFor();
    await workbench.picture("finding");

    await workbench.reload();
    await workbench.command("Problems: Focus on Problems View");
    await problem.dblclick();
    const cursor = (place: string) => workbench.page.locator(".part.statusbar", { hasText: place });
    await cursor("selected").waitFor();
    await workbench.page.keyboard.press("ArrowLeft");
    await cursor("Ln 23, Col 3").waitFor();
    // What is said of a line under the mouse would stand over the fixes.
    await workbench.page.mouse.move(640, 990);
    await workbench.showFixes("src/bill.js");
    const fix = workbench.page.getByText("Fix: A fraction of a cent is not refused", { exact: true });
    await fix.waitFor();
    await workbench.picture("finding-actions");
    await fix.click();
    await workbench.page.locator(".view-line", { hasText: "Number.isInteger" }).waitFor();
    await workbench.page.keyboard.press("Control+S");
    await problem.waitFor({ state: "detached" });
    await workbench.expand(/^Run tdd/);
    await workbench.treeItem(/^Findings: 0 open of 1/).waitFor();
    await savedText(join(folder, "src/bill.js"), /Number\.isInteger\(cents\)/);
  });

  it("does not report a dismissed finding again", async () => {
    const workbench = await parts.session.open(await parts.session.shortProject(parts.model));
    await workbench.runShort();
    await workbench.command("CODITECT: Accept All Changes");
    // A row that is drawn again while the mouse is down on its button takes no click.
    for (const file of [
      /^Changed file src\/bill\.js.*applied/,
      /^Changed file test\/split\.test\.js.*applied/,
    ])
      await workbench.treeItem(file).waitFor();
    await workbench.expand(/^Findings/);
    const finding = workbench.treeItem(/^Medium finding: A fraction of a cent/);
    await finding.hover();
    await finding.getByRole("button", { name: "Dismiss Finding" }).click();
    await workbench.answer(/Dismiss/, "Amounts are checked by the caller");
    await workbench.treeItem(/finding: A fraction of a cent.*dismissed/).waitFor();
    await workbench.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await workbench.picture("finding-dismissed");
    await workbench.reload();
    await workbench.showView();
    await workbench.expand(/^Run tdd/);
    await workbench.treeItem(/^Findings: 0 open of 1/).waitFor();
  });

  it("leaves a file alone that the user changed at the same place, and shows the merge editor", async () => {
    const folder = await parts.session.shortProject(parts.model);
    const workbench = await parts.session.open(folder);
    await workbench.runShort();
    const source = join(folder, "src/bill.js");
    const mine = (await readFile(source, "utf8")).replace("cents / people)", "Math.round(cents / people))");
    await writeFile(source, mine);
    await workbench.command("CODITECT: Accept All Changes");
    await Promise.all([
      workbench.page.locator(".merge-editor", { hasText: "1 Conflict Remaining" }).waitFor(),
      workbench.notification(/Nothing was overwritten/).waitFor(),
    ]);
    await workbench.picture("conflict");
    assert.equal(await readFile(source, "utf8"), mine);
  });

  it("works on unsaved text, and goes on by itself when the runtime was killed", async () => {
    const workbench = await parts.session.open(await parts.session.project(throughModel(parts.model)));
    await workbench.openFile("src/bill.js");
    await workbench.page.keyboard.type(" void 0; ");
    await workbench.page.locator(".view-line", { hasText: "void 0;" }).waitFor();
    const before = parts.model.requests.length;
    // The TestWriter's four turns pass; the Coder's first one waits.
    parts.model.hold(4);
    await workbench.runTdd();
    await parts.model.waiting();
    await workbench.showView();
    await workbench.treeItem(/^Stage implement, Running/).waitFor();
    await killRuntime(parts.session);
    parts.model.release();
    await workbench.runHeld(/^Run tdd.*every gate held/);
    // What the killed runtime had begun to show is not left behind.
    await workbench.page.locator(".statusbar-item", { hasText: "CODITECT" }).waitFor();
    await workbench.picture("resumed");
    const requests = parts.model.requests.slice(before);
    assert.ok(
      requests.some(({ body }) => body.includes("void 0; /**")),
      "no agent saw the unsaved text",
    );
    const asked = requests.map(({ position }) => JSON.stringify(position));
    // The answer that was under way when it was killed may be asked for again; no other.
    assert.ok(asked.length - new Set(asked).size <= 1, asked.join("\n"));
  });

  it("tries a key before it keeps it", async () => {
    const provider = await startKeyedProvider("right-key");
    try {
      const workbench = await parts.session.open(
        await parts.session.project({ "coditect.model.endpoints": { Claude: provider.endpoint } }),
      );
      const giveKey = async (key: string) => {
        await workbench.choose("Claude");
        await workbench.answer("Set API Key: Claude", key);
      };
      await workbench.command("CODITECT: Set API Key…");
      await giveKey("wrong-key");
      const rejection = workbench.notification(/rejected the API key/);
      await rejection.waitFor();
      const trying = workbench.notification(/Checking the key/);
      await trying.waitFor({ state: "detached" });
      await workbench.picture("key-rejected");
      await rejection.getByRole("button", { name: "Try Again" }).click();
      await giveKey("right-key");
      await workbench.notification("Claude accepted the key").waitFor();
      await trying.waitFor({ state: "detached" });
      await workbench.picture("key-accepted");
    } finally {
      await provider.close();
    }
  });
});

/** Ends the runtime of a session as a crash does: its process is a child of the extension host. */
const killRuntime = async ({ server }: EditorSession): Promise<void> => {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid,ppid,args"]);
  const rows = stdout.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  const children = (pid: number): number[] =>
    rows.flatMap((row) =>
      Number(row?.[2]) === pid ? [Number(row?.[1]), ...children(Number(row?.[1]))] : [],
    );
  const ours = new Set(children(server.process.pid ?? -1));
  const runtime = rows.find(
    (row) => ours.has(Number(row?.[1])) && (row?.[3] ?? "").includes("dist/server.js"),
  );
  assert.ok(runtime, "the runtime is not running");
  process.kill(Number(runtime[1]), "SIGKILL");
};

describe("the extension in a workspace that is not trusted", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench(() => ({
    askTrust: true,
    settings: { "security.workspace.trust.startupPrompt": "never" },
  }));

  it("offers no run, and says why", async () => {
    const workbench = await parts.session.open(await parts.session.project());
    await workbench.openFile("src/bill.js");
    await workbench.showView();
    await workbench.page.getByRole("button", { name: "Manage Workspace Trust" }).waitFor();
    // What needs no trust is offered, so the palette knows the extension by now.
    await workbench.typeCommand("CODITECT: Show Log");
    const offered = workbench.page.locator(".quick-input-list .monaco-list-row");
    await offered.filter({ hasText: "CODITECT: Show Log" }).waitFor();
    await workbench.typeCommand("CODITECT: Run TDD Team on Current File");
    await offered.filter({ hasText: "CODITECT: Show Log" }).waitFor({ state: "detached" });
    await workbench.picture("not-trusted");
    assert.equal(await offered.filter({ hasText: "Run TDD Team" }).count(), 0);
  });
});
