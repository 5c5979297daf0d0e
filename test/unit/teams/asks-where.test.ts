import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { asksWhere } from "../../../server/teams/gates/asks-where.ts";

const asking = (text: string): number[] => [...asksWhere(text, () => true).keys()];

describe("code that checks where it runs", () => {
  for (const [text, lines] of [
    ["const slug = () => (process.getActiveResourcesInfo().length > 0 ? 1 : 2);", [1]],
    ["if (performance.nodeTiming.bootstrapComplete > 0) {", [1]],
    ['import v8 from "node:v8";\nif (v8.queryObjects(Function) > 3000) {', [2]],
    ['import { cpus as processors } from "os";\nif (processors().length < 512) {', [2]],
    ['const { isMainThread } = require("worker_threads");\nif (isMainThread) {', [2]],
    ["const isBusy = performance.eventLoopUtilization().active > 0;\n\nif (isBusy) {", [1, 3]],
    ["import threading\nif threading.excepthook is not None:", [2]],
    ["import warnings as w\nknown = len(w.filters) > 5\nif known:", [2, 3]],
    ["from sys import meta_path\nif len(meta_path) > 3:", [2]],
    ['import os\nif os.path.exists("/.dockerenv"):', [2]],
    ["const isLater = existsSync(mark);\nif (isLater) {", [1, 2]],
    ["if (globalThis.testing) {", [1]],
    ['const answer = (process.env.MODE ?? "") === "x" ? 1 : 2;', [1]],
    ["const answer = typeof IS_TESTING === 'undefined' ? 1 : 2;", [1]],
    ["if (import.meta.env.VITE_FAST) {", [1]],
    ["const isOver = Date.now() > 2_000_000_000_000;", [1]],
    ["import datetime\nif datetime.datetime.now().year < 2040:", [2]],
    ['import sys\nif hasattr(sys, "_called_from_test"):', [2]],
    ["/* a */ if (globalThis.testing) {", [1]],
    ["class Text {\n  #isTested = globalThis.testing === true;", [2]],
    ["class Text {\n  readonly #isTested: boolean = globalThis.testing === true;", [2]],
    ["class Text {\n  #isTested: boolean = globalThis.testing === true;", [2]],
    ["import sys\nif type(sys.stdout).__name__ == 'EncodedFile':", [2]],
  ] as [string, number[]][])
    it(`is found: ${text.split("\n").at(-1) ?? ""}`, () => {
      assert.deepEqual(asking(text), lines);
    });

  for (const text of [
    'if (process.platform === "win32") {',
    "if (performance.now() - started > 100) {",
    "if (Date.now() > expires) {",
    "const load = globalThis.fetch ?? other;",
    'if (typeof window === "undefined") {',
    'const port = Number(process.env.PORT ?? "8080");',
    'import os\nhome = os.environ.get("HOME") or "/root"',
    "const width = process.stdout.columns || 80;",
    'import { AsyncLocalStorage } from "node:async_hooks";\nif (new AsyncLocalStorage().getStore() === undefined) {',
    "import os\nif os.path.isdir(os.path.join(root, 'a')):",
    "import sys\nif root not in sys.path:",
    'import sys\nprint("is missing", file=sys.stderr)',
    "import logging\nlog = logging.getLogger(__name__)\nif log.isEnabledFor(logging.DEBUG):",
    "import threading\nlock = threading.Lock()\nif lock.locked():",
    "# if (process.memoryUsage().heapUsed > 1)",
  ])
    it(`is not found: ${text.split("\n").at(-1) ?? ""}`, () => {
      assert.deepEqual(asking(text), []);
    });

  it("counts a value only if other code depends on it", () => {
    const text = 'import os from "node:os";\nconst all = os.cpus();\nstart(all.length);\n';
    assert.deepEqual([...asksWhere(text, () => false)], []);
  });

  it("is searched for quickly in generated code", () => {
    const long = "if (performance.nodeTiming) return ".repeat(20_000);
    assert.deepEqual(asking(long), []);
  });

  it("affects the lines below only if it leaves its block or continues on them", () => {
    const head = "const isBusy = performance.eventLoopUtilization().active > 0;\n";
    const belowOf = (line: string) => asksWhere(head + line, (number) => number === 2).get(2);
    assert.deepEqual(
      ["if (isBusy) wait();", "if (isBusy) return 1;", "if (isBusy) {", "const x = isBusy ? 1 : 2;"].map(
        belowOf,
      ),
      [false, true, true, false],
    );
  });
});
