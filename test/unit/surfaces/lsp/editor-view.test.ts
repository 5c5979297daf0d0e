import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Overlay } from "../../../../schemas/run.ts";
import { withEditorView } from "../../../../server/surfaces/lsp/editor-view.ts";
import { testWorkspace } from "../../../support/workspace.ts";

const overlays: Overlay[] = [
  { path: "a.ts", text: "open" },
  { path: ".env", text: "KEY=hidden" },
];
const places = (...paths: string[]) => paths.map((path) => ({ path, symbols: ["total"] }));
const problem = (path: string) => ({
  ...{ path, severity: "error", message: "wrong", source: null, code: null, start_line: 1 },
});

/** The options that leave the editor, of these options. */
const sent = async (options: object): Promise<Record<string, unknown>> => {
  const workspace = await testWorkspace({ "a.ts": "", ".env": "KEY=hidden", ".gitignore": "ignored.ts\n" });
  try {
    const folder = { uri: `file://${workspace.root}`, root: workspace.root };
    const documents = { unsaved: () => Promise.resolve(overlays) };
    return (await withEditorView(documents, folder, { file: "a.ts", options })).options;
  } finally {
    await workspace.remove();
  }
};

describe("what an editor sends about its files with a task", () => {
  it("has nothing about files that agents may not see", async () => {
    const options = await sent({
      editor_context: {
        definitions: places("a.ts", ".env"),
        references: places(".env"),
        problems: [problem("a.ts"), problem(".env")],
      },
    });
    assert.deepEqual(options, {
      overlays: [{ path: "a.ts", text: "open" }],
      editor_context: { definitions: places("a.ts"), references: [], problems: [problem("a.ts")] },
    });
  });

  it("is refused if it cannot be read, because nobody could check which files it is about", async () => {
    const hidden = { text: "KEY=hidden", path: ".env" };
    for (const [options, problem] of [
      [{ editor_context: { definitions: [{ path: ".env", symbols: [""] }] } }, /editor_context.*symbols/],
      [{ editor_context: { about: hidden } }, /editor_context.*about/],
      [{ editor_context: [hidden] }, /editor_context/],
      [{ editor_context: null }, /editor_context/],
      [{ overlays: [{ ...hidden, more: true }] }, /overlays.*more/],
      [{ overlays: { 0: hidden } }, /overlays/],
    ] as const)
      await assert.rejects(sent(options), { code: "invalid_params", message: problem });
  });
});
