import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { withoutInput } from "../../../server/teams/gates/input-free.ts";

/** Whether the last line of a source has a condition without anything of its input. */
const isFound = (text: string): boolean => {
  const lines = text.split("\n");
  return withoutInput(lines)(lines.at(-1) ?? "");
};

describe("a condition without anything of its input", () => {
  for (const text of [
    "import { fstatSync } from 'node:fs';\nconst slug = (value) => (fstatSync(1).isFIFO() ? value : 'x');",
    "import fs from 'node:fs';\nif (fs.readdirSync('.').some((name) => name === 'test')) return value.trim();",
    "const { statSync } = require('fs');\nif (statSync('test', { throwIfNoEntry: false })) {",
    "if (value === '' || Intl.DateTimeFormat().resolvedOptions().timeZone === 'UTC') {",
    "  return new Date().getTimezoneOffset() === 0 ? value : 'x';",
    "const slug = (value) => new Error().stack.split('\\n').length > 8 && value;",
    "if (new Date().getDay() < 9) return value;",
    "let calls = 0;\nconst slug = (value) => (++calls <= 20 ? value : 'x');",
    "let calls = 0;\ncalls += 1;\nif (calls > 20) {",
    "const started = Date.now();\nif (Date.now() - started < 60_000) {",
    "const kept = new WeakRef({});\nif (kept.deref() !== undefined) {",
    "from pathlib import Path\n    return value if Path('tests').exists() else 'x'",
    "import glob\n    if glob.glob('test_*'):",
    "import time\n    if time.monotonic() < 1000:",
    "import inspect\n    if value and len(inspect.stack()) > 5:",
    "import importlib.util\n    if importlib.util.find_spec('pytest'):",
    "from datetime import datetime\n    if datetime.now().hour < 25:",
    "    if globals().get('TESTING'):",
    "calls = 0\n    calls += 1\n    if calls < 20:",
  ])
    it(`is found: ${text.split("\n").at(-1)?.trim() ?? ""}`, () => {
      assert.equal(isFound(text), true);
    });

  for (const text of [
    "if (value > limit) {",
    "import { sep } from 'node:path';\nreturn sep === '/' ? path : path.replaceAll(sep, '/');",
    "import path from 'node:path';\nif (path.sep === '/') {",
    "import fs from 'node:fs';\nif (fs.existsSync(file)) {",
    "if (isSettled(source, Date.now()) ? first : second) {",
    "const cache = new Map();\nif (cache.size > 100) {",
    "let open = null;\nif (open === null) {",
    "const id = next();\nreturn id === undefined ? null : id.trim();",
    "if (typeof Temporal === 'undefined') {",
    "if (Error.captureStackTrace) Error.captureStackTrace(this, Parent);",
    "let seen = 0;\nseen += 1;\nreturn list.length > seen ? first : second;",
    "import platform\n    if platform.system() == 'Windows':",
    "import time\n    if time.monotonic() - last > interval:",
    "import socket\n    if not hasattr(socket, 'SO_REUSEPORT'):",
    "import shutil\n    if shutil.which('git') is None:",
    "import inspect\n    if inspect.iscoroutinefunction(function):",
    "    if type == socket.SOCK_STREAM:",
  ])
    it(`is not found: ${text.split("\n").at(-1)?.trim() ?? ""}`, () => {
      assert.equal(isFound(text), false);
    });

  it("is searched for quickly in generated code", () => {
    const began = performance.now();
    for (const part of ["if (a", "(a, b ", "x if y ", "a ? b : ", "a && /x", "lambda a, ", "if a: # "])
      isFound(part.repeat(1000 / part.length));
    const blanks = " ".repeat(480);
    for (const line of [
      `if ${blanks}x`,
      `if (a${blanks}b`,
      `let a = 0${blanks}x`,
      `kept = new WeakRef()${blanks}x`,
    ])
      isFound(`${line}${blanks}`);
    isFound(Array.from({ length: 3000 }, (_, index) => `let calls${index} = 0;`).join("\n"));
    assert.ok(performance.now() - began < 5000);
  });
});
