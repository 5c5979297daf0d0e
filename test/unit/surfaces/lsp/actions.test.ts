import assert from "node:assert/strict";
import type { CodeAction, CodeLens, TextDocumentEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { StartRun } from "../../../../schemas/contract.ts";
import { testDispatch, type TestDispatch } from "../../../support/dispatch.ts";
import { editorOn, type Options, type TestEditor } from "../../../support/editor.ts";
import { aRun, aTask } from "../../../support/records.ts";
import { type TestWorkspace, testWorkspace } from "../../../support/workspace.ts";
import { findingOn, runtimeOf, storeFindings } from "./support.ts";

const one = "const a = n - 1;\nconst b = m - 1;\n";
const two = "const c = k - 1;\n";
const fixFor = (name: string) => ({ old_text: `${name} - 1`, new_text: name });

describe("what the editor offers", () => {
  let workspace: TestWorkspace;
  let at: TestDispatch;
  let editor: TestEditor;
  beforeEach(async () => {
    workspace = await testWorkspace({ "one.ts": one, "two.ts": two, ".coditect/state/state.json": "{}" });
    at = testDispatch(workspace.root, { runs: { start: () => Promise.resolve(aRun(aTask().task_id)) } });
  });
  afterEach(async () => {
    await editor.close();
    await workspace.remove();
  });

  const start = async (options: Options = {}, workspaceEdit: object = {}): Promise<void> => {
    editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    await editor.initialize({
      initializationOptions: options,
      capabilities: { workspace: { workspaceFolders: true, workspaceEdit } },
    });
  };
  const findings = () => [
    findingOn(one, 1, 1, { path: "one.ts", fix: fixFor("n") }),
    findingOn(one, 2, 2, { path: "one.ts", fix: fixFor("m"), title: "Second" }),
    findingOn(two, 1, 1, { path: "two.ts", fix: fixFor("k") }),
  ];
  const actionsOn = async (path: string, index: number): Promise<CodeAction[]> => {
    const diagnostics = await editor.diagnostics(path, ({ length }) => length > index);
    const sorted = diagnostics.toSorted((a, b) => a.range.start.line - b.range.start.line);
    const diagnostic = sorted[index];
    assert.ok(diagnostic);
    return editor.connection.sendRequest("textDocument/codeAction", {
      textDocument: { uri: editor.uri(path) },
      range: diagnostic.range,
      context: { diagnostics: [diagnostic] },
    });
  };
  /** Texts of the files after an action's edit. */
  const applied = async (action: CodeAction | undefined): Promise<Record<string, string>> => {
    const changes = (action?.edit?.documentChanges ?? []) as TextDocumentEdit[];
    const texts = changes.map(async ({ textDocument, edits }) => {
      const path = textDocument.uri.slice(editor.uri("").length);
      const document = TextDocument.create(textDocument.uri, "", 0, await workspace.read(path));
      const plain = edits.filter((edit) => "newText" in edit);
      return [path, TextDocument.applyEdits(document, plain)] as const;
    });
    return Object.fromEntries(await Promise.all(texts));
  };

  it("fixes one finding, or all of its kind in all files", async () => {
    await storeFindings(at, ...findings());
    await start();
    await editor.diagnostics("two.ts", ({ length }) => length === 1);
    const actions = await actionsOn("one.ts", 0);
    assert.deepEqual(await applied(actions.find(({ title }) => title.startsWith("Fix: "))), {
      "one.ts": "const a = n;\nconst b = m - 1;\n",
    });
    assert.deepEqual(await applied(actions.find(({ title }) => title === "Fix all 3 of off-by-one")), {
      "one.ts": "const a = n;\nconst b = m;\n",
      "two.ts": "const c = k;\n",
    });
  });

  it("offers no fix that has lost its one place, and overlaps none with another", async () => {
    const [first, second] = findings();
    assert.ok(first && second);
    const wide = { ...second, fix: { old_text: "n - 1;\nconst b", new_text: "x" } };
    await storeFindings(at, first, wide);
    await start();
    const actions = await actionsOn("one.ts", 0);
    assert.ok(!actions.some(({ title }) => title.startsWith("Fix all")));
    await editor.open("one.ts", one);
    await editor.edit("one.ts", [2, 0], [2, 0], "const again = n - 1;\n");
    const later = await actionsOn("one.ts", 0);
    assert.ok(!later.some(({ title }) => title.startsWith("Fix: ")));
  });

  it("previews where the editor can, and names only the commands the editor has", async () => {
    await storeFindings(at, ...findings().slice(0, 1));
    await start(
      { commands: ["coditect.dismissFinding"] },
      { documentChanges: true, changeAnnotationSupport: {} },
    );
    const actions = await actionsOn("one.ts", 0);
    assert.deepEqual(
      actions.map(({ title, command }) => [title, command?.command ?? null]),
      [
        ["Fix: Loop ends one early", null],
        ["Preview fix: Loop ends one early", null],
        ["Dismiss…", "coditect.dismissFinding"],
      ],
    );
    assert.equal(actions[1]?.edit?.changeAnnotations?.["coditect.preview"]?.needsConfirmation, true);
  });

  it("puts lenses over functions and tests, unless the settings turn them off", async () => {
    await start();
    const source = [
      "export async function load() {}",
      "const pick = (a: number): number => a;",
      "const size = 3;",
      "class Box {}",
      'describe("box", () => {',
      '  it("holds one", () => {});',
      "});",
    ].join("\n");
    const lenses = async (path: string, text: string, languageId: string): Promise<unknown[]> => {
      await editor.open(path, text, languageId);
      const all: CodeLens[] = await editor.connection.sendRequest("textDocument/codeLens", {
        textDocument: { uri: editor.uri(path) },
      });
      return all.map(({ range, command }) => [
        range.start.line,
        command?.title,
        command?.arguments?.[0] as unknown,
      ]);
    };
    const uri = editor.uri("new.ts");
    assert.deepEqual(await lenses("new.ts", source, "typescript"), [
      [0, "Run TDD team", { uri, symbol: "load" }],
      [1, "Run TDD team", { uri, symbol: "pick" }],
      [3, "Run TDD team", { uri, symbol: "Box" }],
      [5, "Fix with bug-fix team", { uri, test: "holds one" }],
    ]);
    const python = "def add(a, b):\n    return a + b\n\ndef test_add():\n    assert add(1, 1) == 2\n";
    const pythonUri = editor.uri("new.py");
    assert.deepEqual(await lenses("new.py", python, "python"), [
      [0, "Run TDD team", { uri: pythonUri, symbol: "add" }],
      [3, "Fix with bug-fix team", { uri: pythonUri, test: "test_add" }],
    ]);
    assert.deepEqual(await lenses("new.md", "# function x", "markdown"), []);
    await editor.connection.sendNotification("workspace/didChangeConfiguration", {
      settings: { coditect: { code_lens: false } },
    });
    assert.deepEqual(await lenses("new2.ts", source, "typescript"), []);
  });

  it("does itself what an editor without our commands asks for", async () => {
    const [finding] = findings();
    assert.ok(finding);
    await storeFindings(at, finding);
    await start();
    await editor.diagnostics("one.ts", ({ length }) => length === 1);
    await editor.open("one.ts", `${one}// unsaved\n`);
    const uri = editor.uri("one.ts");
    const execute = (command: string, argument: unknown) =>
      editor.connection.sendRequest("workspace/executeCommand", { command, arguments: [argument] });

    await execute("coditect.runTddOnSymbol", { uri, symbol: "a" });
    const [, team, request] = at.passedOn.find(([name]) => name === "start") ?? [];
    assert.equal(team, "tdd");
    assert.deepEqual(StartRun.parse(request).options.overlays, [
      { path: "one.ts", text: `${one}// unsaved\n` },
    ]);
    await execute("coditect.dismissFinding", { uri, finding_id: finding.finding_id });
    assert.equal(at.store.get("findings", finding.finding_id)?.status, "Dismissed");
    await assert.rejects(
      execute("coditect.fixTest", { uri }),
      (error: { data?: { code?: string } }) => error.data?.code === "invalid_params",
    );
  });

  it("brings no commands of its own where the editor has them", async () => {
    editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    const commands: Options["commands"] = ["coditect.fixTest"];
    const { capabilities } = await editor.initialize({ initializationOptions: { commands } });
    assert.equal(capabilities.executeCommandProvider, undefined);
  });
});
