import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TeamFile } from "../../schemas/team.ts";
import assert from "node:assert/strict";
import { runGit } from "../support/git.ts";
import { skipUnlessNull } from "../support/skip.ts";
import { testWorkspace } from "../support/workspace.ts";
import { missingPart } from "./parts.ts";
import { useWorkbench } from "./suite.ts";

const shared = JSON.stringify({
  format: "coditect-package/1",
  agents: [],
  teams: [
    {
      name: "tidy",
      members: [{ role: "coder", agent_type: "Coder" }],
      workflow_stages: [{ name: "tidy", member: "coder", prompt: "Tidy {{task}}.", gates: ["changed"] }],
    },
  ],
});

describe("custom agents and teams", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench();
  let project: string;
  const asTyped = {
    "editor.autoClosingBrackets": "never",
    "editor.autoSurround": "never",
    "editor.autoIndent": "none",
  };
  const window = parts.shareWindow(async () => (project = await parts.session.project(asTyped)));

  it("shows all that a team of a repository may do before it is imported", async () => {
    const repository = await testWorkspace({ "coditect.json": shared });
    try {
      await runGit(repository.root, "init", "-q");
      await runGit(repository.root, "add", ".");
      await runGit(repository.root, "commit", "-qm", "Share a team");
      const workbench = await window();
      await workbench.command("CODITECT: Import Agents or Teams…");
      await workbench.choose("From npm or Git…");
      await workbench.page.locator(".quick-input-widget:visible input").fill(`file://${repository.root}`);
      await workbench.page.keyboard.press("Enter");
      await workbench.page.locator(".view-line", { hasText: "Tidy {{task}}." }).waitFor();
      const question = workbench.notification("Import .coditect/teams/tidy.json?");
      await workbench.picture("import-preview");
      await question.getByRole("button", { name: "Import", exact: true }).click();
      await workbench.notification("Imported .coditect/teams/tidy.json.").waitFor();
      const written: unknown = JSON.parse(await readFile(join(project, ".coditect/teams/tidy.json"), "utf8"));
      assert.equal(TeamFile.parse(written).name, "tidy");
      await workbench.page.getByRole("tab", { name: /Import Preview/ }).waitFor({ state: "detached" });
    } finally {
      await repository.remove();
    }
  });

  it("creates an agent and a team, and shows an error in one at its line", async () => {
    const workbench = await window();
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
