import assert from "node:assert/strict";
import { EditorContext } from "../../../schemas/editor-context.ts";
import { collectContext, type ContextRequest } from "../../../server/context/collect-context.ts";
import { PROBLEMS_ITEM, withoutReported } from "../../../server/context/from-editor.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const files = {
  ".gitignore": "build/\n",
  "lib/total.rb": "require_relative 'money'\ndef total = Rates.of(1)\n",
  "lib/money.rb": "1\n",
  "lib/rates.rb": "module Rates\nend\n",
  "lib/shop.rb": "Till.new.total\n",
  "spec/shop_spec.rb": "Till.new.total\n",
  "build/rates.rb": "module Rates\nend\n",
  ".env": "TOKEN=1\n",
};

const problem = {
  path: "lib/total.rb",
  severity: "warning" as const,
  message: "Rates is\nnot documented",
  source: "rubocop",
  code: "Style/Documentation",
  start_line: 2,
};

describe("the context from an editor's language servers", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace(files);
  });
  after(() => workspace.remove());

  const collect = (editor: unknown, more: Partial<ContextRequest> = {}) =>
    collectContext({
      workspace: workspace.root,
      file: "lib/total.rb",
      overlays: [],
      budgetTokens: 10_000,
      instructionFiles: [],
      likeness: null,
      signal: new AbortController().signal,
      editor: EditorContext.parse(editor),
      ...more,
    });

  it("adds files that only a language server finds, and says why each item is there", async () => {
    const { items, reasons } = await collect({
      definitions: [{ path: "lib/rates.rb", symbols: ["Rates", "of"] }],
      references: [
        { path: "lib/shop.rb", symbols: ["total"] },
        { path: "spec/shop_spec.rb", symbols: ["total"] },
      ],
      problems: [problem],
    });
    const given = items.map(({ name }) => name);
    assert.deepEqual(given, [
      "lib/total.rb",
      "lib/rates.rb",
      "lib/money.rb",
      "spec/shop_spec.rb",
      "lib/shop.rb",
      PROBLEMS_ITEM,
    ]);
    const server = "(language server of the editor)";
    assert.deepEqual(
      reasons.map(({ name, reason }) => [name, reason]),
      [
        ["lib/total.rb", "the task is about it"],
        ["lib/rates.rb", `it defines Rates, of, which lib/total.rb uses ${server}`],
        ["lib/money.rb", "lib/total.rb imports it, or it defines what lib/total.rb imports"],
        ["spec/shop_spec.rb", `it uses total of lib/total.rb ${server}`],
        ["lib/shop.rb", `it uses total of lib/total.rb ${server}`],
        [PROBLEMS_ITEM, "language servers of the editor report them"],
      ],
    );
    assert.equal(
      items.at(-1)?.content,
      "lib/total.rb:2 warning (rubocop Style/Documentation): Rates is not documented",
    );
  });

  it("reads no file that agents may not see, whatever the language server names", async () => {
    const { items } = await collect({
      definitions: [".env", "build/rates.rb", "lib/gone.rb"].map((path) => ({ path, symbols: ["TOKEN"] })),
      references: [{ path: ".env", symbols: ["TOKEN"] }],
      problems: [{ ...problem, path: ".env" }],
    });
    assert.deepEqual(
      items.map(({ name }) => name),
      ["lib/total.rb", "lib/money.rb"],
    );
  });

  it("keeps within the budget, and says that problems are left out", async () => {
    const problems = Array.from({ length: 100 }, (_, index) => ({ ...problem, start_line: index + 1 }));
    const { items, left_out } = await collect(
      { definitions: [{ path: "lib/rates.rb", symbols: ["Rates"] }], problems },
      { budgetTokens: 600, file: "lib/total.rb" },
    );
    const content = items.find(({ name }) => name === PROBLEMS_ITEM)?.content ?? "";
    assert.ok(content.length < 600, content);
    assert.match(content, /\[the other problems are left out: they do not fit the budget\]$/);
    assert.deepEqual(left_out, []);
  });

  it("leaves out problems of files that the run has changed, and the one that the task is about", async () => {
    const other = { ...problem, path: "lib/rates.rb", severity: "error" as const };
    const { items } = await collect(
      { problems: [problem, other] },
      { isOutdated: (path) => path === "lib/total.rb" },
    );
    assert.match(items.at(-1)?.content ?? "", /^lib\/rates\.rb:2 error [^\n]*$/);
    const diagnostic = { message: problem.message, start_line: 2, source: null, code: null, end_line: 2 };
    const task = { file: "lib/total.rb", data: { diagnostic } };
    const rest = withoutReported(EditorContext.parse({ problems: [problem, other] }), task);
    assert.deepEqual(rest.problems, [other]);
  });
});
