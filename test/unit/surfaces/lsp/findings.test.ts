import assert from "node:assert/strict";
import { DiagnosticSeverity, type RegistrationParams } from "vscode-languageserver/node";
import type { Severity } from "../../../../schemas/findings.ts";
import { testDispatch, type TestDispatch } from "../../../support/dispatch.ts";
import { editorOn, type Options, type TestEditor } from "../../../support/editor.ts";
import { NOW } from "../../../support/records.ts";
import { type TestWorkspace, testWorkspace } from "../../../support/workspace.ts";
import { findingOn, runtimeOf, storeFindings } from "./support.ts";

const text = "const a = 1;\nfor (let i = 0; i < n - 1; i++) {\n  see(i);\n}\n";
const fix = { old_text: "n - 1", new_text: "n" };

describe("findings in the editor", () => {
  let workspace: TestWorkspace;
  let at: TestDispatch;
  let editor: TestEditor;

  const start = async (options: Options = {}): Promise<void> => {
    editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    await editor.initialize({ initializationOptions: options });
  };
  /** What a run does when an agent reports a finding. */
  const report = async (finding: ReturnType<typeof findingOn>): Promise<void> => {
    await storeFindings(at, finding);
    at.emit({ type: "finding.reported", at: NOW, task_id: finding.task_id, finding });
  };
  const statusOf = (id: string) => at.store.get("findings", id)?.status;

  beforeEach(async () => {
    workspace = await testWorkspace({ "src/a.ts": text, ".coditect/state/state.json": "{}" });
    at = testDispatch(workspace.root);
  });
  afterEach(async () => {
    await editor.close();
    await workspace.remove();
  });

  it("show at their place with everything known of them, also in files that are not open", async () => {
    const finding = findingOn(text, 2, 2, { fix });
    await storeFindings(at, finding);
    await start();
    const uri = editor.uri("src/a.ts");
    const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 33 } };
    assert.deepEqual(await editor.diagnostics("src/a.ts", (shown) => shown.length === 1), [
      {
        range,
        severity: DiagnosticSeverity.Error,
        source: "coditect",
        code: "off-by-one",
        message: "Loop ends one early",
        relatedInformation: [
          { location: { uri, range }, message: "The last item is never seen." },
          {
            location: {
              uri,
              range: { start: { line: 1, character: 20 }, end: { line: 1, character: 25 } },
            },
            message: "The suggested fix changes this.",
          },
        ],
        data: { finding_id: finding.finding_id },
      },
    ]);
  });

  for (const [severity, shown] of [
    ["Critical", DiagnosticSeverity.Error],
    ["High", DiagnosticSeverity.Error],
    ["Medium", DiagnosticSeverity.Warning],
    ["Low", DiagnosticSeverity.Information],
    ["Info", DiagnosticSeverity.Hint],
  ] satisfies [Severity, DiagnosticSeverity][])
    it(`show ${severity} as severity ${shown}`, async () => {
      await storeFindings(at, findingOn(text, 2, 2, { severity }));
      await start();
      const [diagnostic] = await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
      assert.equal(diagnostic?.severity, shown);
    });

  it("show columns as they were reported, counted from 0", async () => {
    await storeFindings(at, findingOn(text, 2, 2, { start_column: 17, end_column: 26 }));
    await start();
    const [diagnostic] = await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
    assert.deepEqual(diagnostic?.range, {
      start: { line: 1, character: 16 },
      end: { line: 1, character: 25 },
    });
  });

  it("appear while a run reports them, move with the text, go with it and come back with it", async () => {
    await start();
    await editor.connection.sendRequest("coditect/runtime/status", {});
    await editor.open("src/a.ts", text);
    await report(findingOn(text, 2, 2));
    const isAt = (line: number) => (shown: { range: { start: { line: number } } }[]) =>
      shown.length === 1 && shown[0]?.range.start.line === line;
    await editor.diagnostics("src/a.ts", isAt(1));
    await editor.edit("src/a.ts", [0, 0], [0, 0], "// one\n// two\n");
    await editor.diagnostics("src/a.ts", isAt(3));
    await editor.edit("src/a.ts", [3, 20], [3, 25], "n");
    await editor.diagnostics("src/a.ts", ({ length }) => length === 0);
    await editor.edit("src/a.ts", [3, 20], [3, 21], "n - 1");
    await editor.diagnostics("src/a.ts", isAt(3));
  });

  it("are resolved as fixed when the fix is saved, as outdated when the text went otherwise", async () => {
    const [fixed, outdated] = [findingOn(text, 2, 2, { fix }), findingOn(text, 1, 1, { category: "unused" })];
    await storeFindings(at, fixed, outdated);
    await start();
    await editor.open("src/a.ts", text);
    await editor.diagnostics("src/a.ts", ({ length }) => length === 2);
    await editor.edit("src/a.ts", [1, 20], [1, 25], "n");
    await editor.edit("src/a.ts", [0, 0], [1, 0], "");
    await editor.diagnostics("src/a.ts", ({ length }) => length === 0);
    assert.deepEqual([statusOf(fixed.finding_id), statusOf(outdated.finding_id)], ["Open", "Open"]);
    await editor.save("src/a.ts");
    const resolved = [await editor.next("coditect/event"), await editor.next("coditect/event")];
    assert.equal(resolved.length, 2);
    assert.deepEqual([statusOf(fixed.finding_id), statusOf(outdated.finding_id)], ["Fixed", "Outdated"]);
  });

  it("stay open while their text is only in changes that were not applied yet", async () => {
    const finding = findingOn("only in the change set\n", 1, 1);
    await storeFindings(at, finding);
    await start();
    await editor.open("src/a.ts", text);
    await editor.diagnostics("src/a.ts", ({ length }) => length === 0);
    await editor.save("src/a.ts");
    await editor.connection.sendRequest("coditect/runtime/status", {});
    assert.equal(statusOf(finding.finding_id), "Open");
  });

  it("appear when the changes they speak of are applied", async () => {
    const applied = "const fresh = 1;\n";
    const finding = findingOn(applied, 1, 1);
    await storeFindings(at, finding);
    await start();
    await editor.diagnostics("src/a.ts", ({ length }) => length === 0);
    await workspace.write("src/a.ts", applied);
    const file = {
      path: "src/a.ts",
      kind: "Modified" as const,
      old_path: null,
      before: null,
      after: null,
      executable: false,
      binary: false,
      lines_added: 1,
      lines_removed: 1,
      decision: "Accepted" as const,
    };
    const { task_id } = finding;
    at.emit({ type: "changes.changed", at: NOW, task_id, change_set_id: task_id, files: [file] });
    await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
  });

  it("go when they are dismissed, and do not come back with the next start", async () => {
    const finding = findingOn(text, 2, 2);
    await storeFindings(at, finding);
    await start();
    await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
    const { finding_id } = finding;
    await editor.connection.sendRequest("coditect/findings/dismiss", { finding_id, reason: "meant" });
    await editor.diagnostics("src/a.ts", ({ length }) => length === 0);
    await editor.close();
    await report(findingOn(text, 1, 1, { category: "other" }));
    await start();
    const shown = await editor.diagnostics("src/a.ts", ({ length }) => length > 0);
    assert.deepEqual(
      shown.map(({ code }) => code),
      ["other"],
    );
  });

  it("fold away below the confidence of the settings, until those change", async () => {
    await storeFindings(at, findingOn(text, 2, 2, { confidence: 0.4 }));
    await start();
    await editor.diagnostics("src/a.ts", ({ length }) => length === 0);
    await editor.connection.sendNotification("workspace/didChangeConfiguration", {
      settings: { coditect: { runtime: { min_confidence: 0.3 } } },
    });
    await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
  });

  it("are shown when proven alone, if the settings say so, and say that they are", async () => {
    const proof = { proven: true, reason: "Its test fails." };
    await storeFindings(at, findingOn(text, 2, 2), findingOn(text, 1, 1, { title: "Seen", proof }));
    await start();
    await editor.diagnostics("src/a.ts", ({ length }) => length === 2);
    await editor.connection.sendNotification("workspace/didChangeConfiguration", {
      settings: { coditect: { runtime: { hide_unproven: true } } },
    });
    const [shown] = await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
    assert.equal(shown?.message, "Proven: Seen");
  });

  it("follow files that other programs change, but are resolved by a save alone", async () => {
    const finding = findingOn(text, 2, 2);
    await storeFindings(at, finding);
    editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    await editor.initialize({
      capabilities: {
        workspace: { didChangeWatchedFiles: { dynamicRegistration: true, relativePatternSupport: true } },
      },
    });
    await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
    const { registrations } = (await editor.next("client/registerCapability")) as RegistrationParams;
    assert.deepEqual(
      registrations.map(({ method, registerOptions }) => [method, registerOptions as unknown]),
      [
        [
          "workspace/didChangeWatchedFiles",
          { watchers: [{ globPattern: { baseUri: editor.uri("").slice(0, -1), pattern: "src/a.ts" } }] },
        ],
      ],
    );
    const tell = () =>
      editor.connection.sendNotification("workspace/didChangeWatchedFiles", {
        changes: [{ uri: editor.uri("src/a.ts"), type: 2 }],
      });
    await workspace.write("src/a.ts", "another branch\n");
    await tell();
    await editor.diagnostics("src/a.ts", ({ length }) => length === 0);
    await workspace.write("src/a.ts", text);
    await tell();
    await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
    assert.equal(statusOf(finding.finding_id), "Open");
  });

  it("are explained under the cursor, and what an agent wrote cannot break out of its frame", async () => {
    const tricky = { old_text: "n - 1", new_text: "```\n# shouted\n```" };
    const explanation = "See ![it](https://example.com/?all=the-code).";
    await storeFindings(at, findingOn(text, 2, 2, { fix: tricky, explanation }));
    await start();
    await editor.open("src/a.ts", text);
    await editor.diagnostics("src/a.ts", ({ length }) => length === 1);
    const ask = (line: number) =>
      editor.connection.sendRequest("textDocument/hover", {
        textDocument: { uri: editor.uri("src/a.ts") },
        position: { line, character: 3 },
      });
    assert.equal(await ask(0), null);
    assert.deepEqual(await ask(1), {
      contents: {
        kind: "markdown",
        value: [
          "**Loop ends one early**",
          "High · off-by-one · confidence 90 % · unproven",
          "See !\\[it](https://example.com/?all=the-code).",
          "Suggested fix:",
          "````\n```\n# shouted\n```\n````",
        ].join("\n\n"),
      },
    });
  });

  it("are left alone in a workspace that is not trusted", async () => {
    await storeFindings(at, findingOn(text, 2, 2));
    await start({ trusted: false });
    await assert.rejects(
      editor.connection.sendRequest("coditect/teams/execute", { team_id: "tdd" }),
      (error: { data?: { code?: string } }) => error.data?.code === "untrusted_workspace",
    );
    await editor.open("src/a.ts", "");
    await editor.save("src/a.ts");
    assert.deepEqual(
      at.store.all("findings").map(({ status }) => status),
      ["Open"],
    );
  });
});
