import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { ignoreRules } from "../../../server/workspace/ignore.ts";
import { walkWorkspace } from "../../../server/workspace/walk.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "ignore-")));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const write = (path: string, text = ""): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const visible = (workspace = root): string[] =>
  [...walkWorkspace(workspace, ignoreRules(workspace))].flatMap(({ files }) => files).sort();

describe("ignore rules", () => {
  it("see what git sees, for any nesting of ignore files", () => {
    const name = fc.constantFrom("a", "b", "c.ts", "d.log", "build");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
    const patternWith = (...signs: string[]) =>
      fc
        .tuple(
          fc.constantFrom("", "/", ...signs),
          fc.constantFrom("a", "b/", "*.ts", "a/b", "**/d.log", "build", "*", "b/**"),
        )
        .map((parts) => parts.join(""));
    const outer = fc.record({
      folder: fc.constant(""),
      lines: fc.array(patternWith("!", "!/"), { maxLength: 4 }),
    });
    const nested = fc.record({
      folder: fc.constantFrom("a/", "a/b/", "build/"),
      lines: fc.array(patternWith(), { maxLength: 4 }),
    });
    const ignoreFiles = fc.array(fc.oneof(outer, nested), { maxLength: 3 });
    execFileSync("git", ["init", "-q", root]);
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 8 }), ignoreFiles, (paths, files) => {
        for (const entry of ["a", "b", "c.ts", "d.log", "build", ".gitignore"]) {
          rmSync(join(root, entry), { recursive: true, force: true });
        }
        for (const each of paths) tryWrite(each);
        for (const { folder, lines } of files) tryWrite(`${folder}.gitignore`, lines.join("\n"));
        const listed = spawnSync("git", ["ls-files", "-z", "--others", "--exclude-standard"], {
          cwd: root,
          encoding: "utf8",
        });
        const wanted = listed.stdout
          .split("\0")
          .filter((each) => each !== "")
          .sort();
        assert.deepEqual(visible(), wanted);
      }),
      { numRuns: 60 },
    );
  });

  const tryWrite = (path: string, text = ""): void => {
    try {
      write(path, text);
    } catch {
      // A file of the same example stands where this one needs a folder.
    }
  };

  it("open a folder again that a deeper file excepts, and what is in it", () => {
    write(".gitignore", "cache\n*.log\n");
    write("build/.gitignore", "!cache\n");
    for (const path of ["build/cache/a.ts", "build/cache/b.log", "src/cache/c.ts"]) write(path);
    assert.deepEqual(visible(), [".gitignore", "build/.gitignore", "build/cache/a.ts"]);
  });

  it("close secrets, version control and our own state without any ignore file", () => {
    const closed = [
      ".env",
      ".env.local",
      "certs/server.pem",
      "certs/server.key",
      "id_rsa",
      ".npmrc",
      ".ssh/config",
      ".git/HEAD",
      ".coditect/state/state.json",
    ];
    for (const path of closed) write(path);
    for (const path of ["environment.ts", "src/keyboard.ts", ".coditect/agents/coder.json"]) write(path);
    assert.deepEqual(visible(), [".coditect/agents/coder.json", "environment.ts", "src/keyboard.ts"]);
    const rules = ignoreRules(root);
    for (const path of closed) assert.match(rules.closedBy(path) ?? "", /^the built-in list/, path);
  });

  it("close what .coditectignore names, which no .gitignore can open", () => {
    write(".coditectignore", "private/\n*.sql\n!public.sql\n");
    write("private/.gitignore", "!*\n");
    write("db/.gitignore", "!*.sql\n");
    for (const path of ["private/a.ts", "db/dump.sql", "db/public.sql", "db/a.ts"]) write(path);
    assert.deepEqual(visible(), [".coditectignore", "db/.gitignore", "db/a.ts", "db/public.sql"]);
    const rules = ignoreRules(root);
    assert.equal(rules.closedBy("private/a.ts"), ".coditectignore");
    assert.equal(rules.closedBy("db/a.ts"), null);
  });

  it("heed the repository a workspace is a folder of", () => {
    execFileSync("git", ["init", "-q", root]);
    write(".gitignore", "packages/app/generated\n*.tmp\n");
    write(".git/info/exclude", "notes.txt\n");
    for (const path of ["generated/a.ts", "src/a.ts", "b.tmp", "notes.txt"]) write(`packages/app/${path}`);
    assert.deepEqual(visible(join(root, "packages/app")), ["src/a.ts"]);
  });

  it("know dependencies by what they are, not by the ignore file", () => {
    write("node_modules/left-pad/index.js");
    write(".venv/pyvenv.cfg");
    write("env/settings.py");
    const listings = [...walkWorkspace(root, ignoreRules(root))];
    assert.deepEqual(listings.flatMap(({ dependencies }) => dependencies).sort(), [".venv", "node_modules"]);
    assert.deepEqual(
      listings.flatMap(({ files }) => files),
      ["env/settings.py"],
    );
  });
});
