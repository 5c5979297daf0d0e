import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { startModelServer, type JournalEntry, type ModelServer } from "../../../model-servers.ts";
import { runCommand } from "../../../support/command.ts";
import { answered, call, finish } from "../../../support/one-round.ts";
import { Sarif } from "../../../support/sarif.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

const reported = call("report_findings", {
  findings: [
    {
      path: "src/sum.js",
      start_line: 1,
      start_column: 30,
      end_line: 1,
      end_column: 35,
      severity: "High",
      category: "wrong-result",
      title: "It subtracts",
      explanation: "A sum has to add.",
      fix: { old_text: "a - b", new_text: "a + b" },
      confidence: 0.95,
    },
  ],
});

describe("coditect run review and security, on a diff and on some lines", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  const coditect = (...args: string[]) =>
    runCommand([...args, "--provider", "ollama", "--model", "scripted", "--endpoint", model.url], {
      folder: files.root,
    });
  const firstRequests = () =>
    model.requests
      .filter((entry) => entry.path === "/api/chat" && answered(entry) === 0)
      .map(({ body }) => JSON.stringify(body));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...args], {
      cwd: files.root,
    });

  before(async () => {
    const answer = (entry: JournalEntry) => (answered(entry) === 0 ? reported : finish);
    model = await startModelServer({ Reviewer: answer, Security: () => finish });
    files = await testWorkspace({
      "src/sum.js": "export const sum = (a, b) => a + b;\n",
      "src/other.js": "export const one = 1;\nexport const two = 2;\nexport const three = 3;\n",
    });
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "one");
    await files.write("src/sum.js", "export const sum = (a, b) => a - b;\n");
  });
  after(async () => {
    await model.close();
    await files.remove();
  });

  it("gives every agent the diff, and writes what they report as SARIF by its schema", async () => {
    const result = await coditect("run", "review", "--diff", "HEAD", "--output", "sarif=out.sarif");
    assert.equal(result.exit_code, 0, result.stderr);
    const asked = firstRequests();
    assert.equal(asked.length, 2);
    for (const request of asked) {
      assert.match(request, /-export const sum = \(a, b\) => a \+ b;\\\\?n\+export const sum/);
      assert.match(request, /Look at what changed since HEAD/);
    }
    const log = Sarif.parse(JSON.parse(await readFile(join(files.root, "out.sarif"), "utf8")));
    const [finding] = log.runs[0].results;
    assert.equal(finding?.ruleId, "wrong-result");
    assert.equal(finding.fixes?.[0]?.artifactChanges[0]?.replacements[0]?.insertedContent?.text, "a + b");
  });

  it("gives the lines that were named, and no others, as what it is about", async () => {
    model.requests.length = 0;
    const result = await coditect("run", "security", "src/other.js", "--lines", "2-3");
    assert.equal(result.exit_code, 0, result.stderr);
    const [request = ""] = firstRequests();
    assert.match(request, /Look at lines 2 to 3 of src\/other\.js/);
    assert.match(
      request,
      /src\/other\.js, lines 2 to 3\\n```\\n2\\texport const two = 2;\\n3\\texport const three = 3;/,
    );
  });

  for (const [what, args, problem] of [
    ["a revision git does not know", ["--diff", "nowhere"], /since nowhere/],
    ["an option in place of a revision", ["--diff=--output=x"], /not a revision/],
    ["lines without a file", ["--lines", "1-2"], /needs a FILE/],
    ["lines that end before they begin", ["src/other.js", "--lines", "3-2"], /ends before it begins/],
    ["lines behind the end", ["src/other.js", "--lines", "90"], /no line 90/],
    ["a diff and lines at once", ["src/other.js", "--lines", "1", "--diff", "HEAD"], /exclude each other/],
  ] as const)
    it(`refuses ${what} as wrong usage`, async () => {
      const { exit_code, stdout, stderr } = await coditect("run", "security", ...args);
      assert.equal(exit_code, 2, stdout);
      assert.match(stderr + stdout, problem);
    });
});

describe("coditect run review, with the rehearsal", () => {
  it("reports two defects of the sample, one with a fix, and shows what was looked at", async () => {
    const { exit_code, stdout, stderr } = await runCommand(["run", "review", "--provider", "rehearsal"]);
    assert.equal(exit_code, 0, stderr);
    assert.match(stdout, /High {2}Cents below ten lose their zero {2}src\/bill\.js:27 .*, a fix is stored/);
    assert.match(
      stdout,
      /High {2}Shares are fractions of a cent {2}src\/bill\.js:20 {2}unproven {2}90 % sure\n/,
    );
  });

  it("says what there are rehearsals of where there is none", async () => {
    const { exit_code, stderr } = await runCommand(["run", "security", "--provider", "rehearsal"]);
    assert.equal(exit_code, 2);
    assert.match(stderr, /no rehearsal of security\. There are: tdd, bug-fix, architecture, review\./);
  });
});
