import assert from "node:assert/strict";
import type { CodeLens } from "vscode-languageserver/node";
import { createLocalizer } from "../../../../schemas/localizer.ts";
import { testDispatch } from "../../../support/dispatch.ts";
import { editorOn } from "../../../support/editor.ts";
import { testWorkspace } from "../../../support/workspace.ts";
import { findingOn, runtimeOf, storeFindings } from "./support.ts";

const SOURCE = "export function split() {}\n";

describe("the language server in the editor's language", () => {
  it("shows its titles and explanations as the editor has them, and in English what it does not have", async () => {
    const workspace = await testWorkspace({ "a.ts": SOURCE, ".coditect/state/state.json": "{}" });
    const at = testDispatch(workspace.root);
    await storeFindings(at, findingOn(SOURCE, 1, 1, { path: "a.ts", title: "Empty", confidence: 0.9 }));
    const editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    const texts = { "Run TDD team": "TDD-Team starten", "confidence {0}": "Sicherheit {0}" };
    await editor.initialize({ initializationOptions: { texts } });
    await editor.open("a.ts", SOURCE);
    await editor.diagnostics("a.ts", ({ length }) => length === 1);

    const textDocument = { uri: editor.uri("a.ts") };
    const lenses: CodeLens[] = await editor.connection.sendRequest("textDocument/codeLens", { textDocument });
    assert.deepEqual(
      lenses.map(({ command }) => command?.title),
      ["TDD-Team starten"],
    );
    const position = { line: 0, character: 8 };
    const hover = await editor.connection.sendRequest("textDocument/hover", { textDocument, position });
    assert.match(JSON.stringify(hover), /Sicherheit 90 %/);
    await editor.close();
    await workspace.remove();
  });

  it("puts arguments in their places, whatever they hold", () => {
    const l10n = createLocalizer({ "{0} of {1}": "von {1}: {0}" });
    assert.equal(l10n.t("{0} of {1}", "{1}", 2), "von 2: {1}");
    assert.equal(l10n.t("{0} left {1}", 3), "3 left {1}");
  });
});
