import assert from "node:assert/strict";
import * as vscode from "vscode";
import { MOST_PROBLEMS } from "../../schemas/editor-context.ts";
import { nodeId } from "../../client/tree/nodes.ts";
import { extension, fileUri, nextEvent, useProvider, workspaceFolder } from "./extension.ts";

const files = {
  "shop/till.bill": "receipt uses tariff\n",
  "shop/tariff.bill": "tariff\n",
  "shop/counter.bill": "receipt\n",
};

/** A language server of another extension, for a language that CODITECT does not know. */
const billLanguage = (): vscode.Disposable => {
  const selector = { pattern: "**/*.bill" };
  const start = new vscode.Position(0, 0);
  const problems = vscode.languages.createDiagnosticCollection("bill");
  const problem = new vscode.Diagnostic(new vscode.Range(0, 13, 0, 19), "The tariff is out of date.");
  problem.source = "bill-lint";
  const hint = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 7), "Short", vscode.DiagnosticSeverity.Hint);
  // More hints than an editor can pass.
  problems.set(fileUri("shop/till.bill"), [...Array.from({ length: MOST_PROBLEMS }, () => hint), problem]);
  return vscode.Disposable.from(
    problems,
    vscode.languages.registerDefinitionProvider(selector, {
      provideDefinition: (document, position) =>
        document.getText(document.getWordRangeAtPosition(position)) === "tariff"
          ? new vscode.Location(fileUri("shop/tariff.bill"), start)
          : null,
    }),
    vscode.languages.registerDocumentSymbolProvider(selector, {
      provideDocumentSymbols: () => {
        const range = new vscode.Range(0, 0, 0, 7);
        return [new vscode.DocumentSymbol("receipt", "", vscode.SymbolKind.Function, range, range)];
      },
    }),
    vscode.languages.registerReferenceProvider(selector, {
      provideReferences: () => [new vscode.Location(fileUri("shop/counter.bill"), start)],
    }),
  );
};

describe("the language servers of the editor", () => {
  let language: vscode.Disposable;
  before(async () => {
    await useProvider("Rehearsal");
    for (const [path, text] of Object.entries(files))
      await vscode.workspace.fs.writeFile(fileUri(path), new TextEncoder().encode(text));
    language = billLanguage();
  });
  after(async () => {
    language.dispose();
    await vscode.workspace.fs.delete(fileUri("shop"), { recursive: true });
    await useProvider(undefined);
  });

  it("tell a run which files define and use the symbols of its file, and its problems", async () => {
    const { runtime } = await extension().activate();
    const folder = workspaceFolder().uri.toString();
    const asked = nextEvent("model.asked");
    const finished = nextEvent("run.finished");
    await vscode.commands.executeCommand("coditect.reviewFile", fileUri("shop/till.bill"));
    const { execution_id } = await asked;
    await finished;
    const { input, metadata } = await runtime.call("executions/get", { execution_id }, folder);
    const given = new Map(input.context.map(({ name, content }) => [name, content]));
    assert.equal(given.get("shop/tariff.bill"), files["shop/tariff.bill"]);
    assert.equal(given.get("shop/counter.bill"), files["shop/counter.bill"]);
    assert.equal(
      given.get("problems that the editor shows"),
      "shop/till.bill:1 error (bill-lint): The tariff is out of date.\nshop/till.bill:1 hint: Short",
    );
    const reasons = metadata.context_reasons ?? [];
    assert.ok(
      reasons.some(({ reason }) => reason.startsWith("it defines tariff, which shop/till.bill uses")),
    );
    await vscode.commands.executeCommand("coditect.showPrompt", nodeId.execution(execution_id));
    const shown = vscode.window.activeTextEditor?.document.getText() ?? "";
    assert.match(shown, /^- shop\/counter\.bill: it uses receipt of shop\/till\.bill \(language server/m);
  });
});
