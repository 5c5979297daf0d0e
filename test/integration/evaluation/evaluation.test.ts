import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { EvaluationReport, Trial } from "../../../schemas/evaluation.ts";
import { startModelServer, type JournalEntry, type ModelServer, type Turn } from "../../model-servers.ts";
import { type CommandResult, runCommand, startCommand } from "../../support/command.ts";
import { answered, call, finish } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";
import { MARK, suiteFolder } from "./suite-folder.ts";

const write = (content: string) => call("write_file", { path: "src/double.js", content });
const right = write("export const double = (n) => 2 * n;\n");
const breaking = write("export const double = (n) => -2 * n;\n");
const useless = write("export const double = (n) => (n > 0 ? n + n : 0);\n");

const report = (start_line: number) =>
  call("report_findings", {
    findings: [
      {
        path: "src/find.js",
        start_line,
        end_line: start_line,
        severity: "High",
        category: "sql-injection",
        title: "The id is put into the query",
        explanation: "It comes from outside.",
        confidence: 0.9,
      },
    ],
  });

/** Looks for what it must not see, then writes: `flaky` is right in one sample of two. */
const coder = () => {
  let samples = 0;
  return (entry: JournalEntry): Turn => {
    const text = JSON.stringify(entry.body);
    if (answered(entry) === 0) return call("search", { pattern: "no-agent-may-see" });
    if (answered(entry) > 1) return finish;
    if (text.includes("the task easy")) return right;
    // Only the sample whose work was broken comes to a second round.
    if (!text.includes("Round: 1")) return right;
    samples += 1;
    return samples === 1 ? breaking : useless;
  };
};

/** Sees the defect of `seen`; of `missed` it says something else, and so of its fixed twin. */
const security = (entry: JournalEntry): Turn => {
  const text = JSON.stringify(entry.body);
  if (answered(entry) > 0 || (text.includes("the pair seen") && text.includes("id = ?"))) return finish;
  return report(text.includes("the pair seen") ? 2 : 1);
};

const Line = z.discriminatedUnion("kind", [...Trial.options, EvaluationReport]);
const linesOf = (stdout: string) =>
  stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => Line.parse(JSON.parse(line)));
const reportIn = (stdout: string): EvaluationReport => EvaluationReport.parse(linesOf(stdout).at(-1));

describe("coditect eval", () => {
  let model: ModelServer;
  let suite: TestWorkspace;
  let place: TestWorkspace;
  let result: CommandResult;
  const folders = ["temporary", "cache"];
  const environment = () => ({
    TMPDIR: join(place.root, "temporary"),
    XDG_CACHE_HOME: join(place.root, "cache"),
    NODE_COMPILE_CACHE: join(place.root, "compiled"),
  });
  const args = (endpoint: string, ...more: string[]) => [
    ...["eval", suite.root, "--provider", "ollama", "--model", "scripted", "--endpoint", endpoint],
    ...["--results", join(place.root, "results.jsonl"), "--json", ...more],
  ];
  /** Everything except the cache folder, which stays. */
  const leftBehind = async () =>
    (await Promise.all(folders.map((name) => readdir(join(place.root, name), { recursive: true }))))
      .flat()
      // The command's own compiled code is kept for the next start.
      .filter((name) => !/^coditect-agents($|\/code($|\/))/.test(name));

  before(async () => {
    model = await startModelServer({ Coder: coder(), Security: security });
    [suite, place] = await Promise.all([suiteFolder(), testWorkspace()]);
    for (const name of folders) await mkdir(join(place.root, name));
    result = await runCommand(args(model.url, "--samples", "2", "--parallel", "2"), {
      environment: environment(),
    });
  });
  after(async () => {
    await model.close();
    await suite.remove();
    await place.remove();
  });

  it("tells of every sample, then of all together", () => {
    assert.equal(result.exit_code, 0, result.stderr);
    const lines = linesOf(result.stdout);
    assert.deepEqual(lines.map((line) => (line.kind === "report" ? "report" : line.task)).sort(), [
      "easy",
      "easy",
      "flaky",
      "flaky",
      "missed",
      "missed",
      "report",
      "seen",
      "seen",
    ]);
    assert.deepEqual(
      lines.filter((line) => line.kind !== "report" && line.error !== null),
      [],
    );
  });

  it("counts what the hidden tests pass, at the first try and after feedback, with intervals", () => {
    const { solve, tokens, seconds } = reportIn(result.stdout);
    assert.deepEqual([solve.solved?.count, solve.solved?.of], [3, 4]);
    assert.ok(solve.solved !== null && solve.solved.low > 0.2 && solve.solved.high < 1);
    assert.deepEqual([solve.first_try?.count, solve.first_try?.of], [2, 4]);
    assert.deepEqual([solve.wrongly_held?.count, solve.wrongly_held?.of], [1, 4]);
    assert.deepEqual(solve.pass_at, { 1: 0.75, 2: 1 });
    assert.ok(tokens > 0 && seconds > 0);
  });

  it("counts defects that were found, and findings where there is none", () => {
    const { review } = reportIn(result.stdout);
    assert.deepEqual([review.pairs, review.detected?.count, review.detected?.of], [2, 2, 4]);
    assert.deepEqual([review.false_alarms?.count, review.false_positives], [2, 0.5]);
    const missed = linesOf(result.stdout).find((line) => line.kind === "review" && line.task === "missed");
    assert.ok(missed?.kind === "review" && missed.elsewhere === 1);
  });

  it("shows no hidden test to an agent that looks for it", () => {
    const asked = JSON.stringify(model.requests.map(({ body }) => body));
    assert.match(asked, /no-agent-may-see/);
    assert.ok(!asked.includes(MARK));
  });

  it("leaves nothing behind", async () => {
    assert.deepEqual(await leftBehind(), []);
  });

  it("makes no trial again that stands in its results", async () => {
    const before = model.requests.length;
    const again = await runCommand(args(model.url, "--samples", "2"), { environment: environment() });
    assert.equal(again.exit_code, 0, again.stderr);
    assert.equal(model.requests.length, before);
    assert.deepEqual(reportIn(again.stdout).solve, reportIn(result.stdout).solve);
  });

  it("tells people the same in a table", async () => {
    const forPeople = args(model.url, "--samples", "2").filter((arg) => arg !== "--json");
    const { stdout } = await runCommand(forPeople, { environment: environment() });
    assert.match(stdout, /^flaky +1 of 2 solved +0 at the first try$/m);
    assert.match(stdout, /^solved +3 of 4 {2}75 % {2}\(30 % to 95 %\)$/m);
    assert.match(stdout, /^pass@2 +100 %$/m);
  });

  it("gives a trial the provider failed no result, and says so with its exit code", async () => {
    const broken = await startModelServer({ Security: () => ({ status: 401 }) });
    try {
      const only = ["--only", "seen", "--samples", "1"];
      const { exit_code, stdout } = await runCommand(
        args(broken.url, ...only).filter((arg) => !arg.endsWith("results.jsonl") && arg !== "--results"),
        { environment: environment() },
      );
      assert.equal(exit_code, 3);
      const { failed, review } = reportIn(stdout);
      assert.deepEqual([failed, review.detected], [1, null]);
    } finally {
      await broken.close();
    }
  });

  it("stops at an interruption and leaves nothing behind then either", async () => {
    const slow = await startModelServer({ Security: () => ({ ...finish, delayMs: 60_000 }) });
    try {
      const { child, result: ended } = startCommand(
        args(slow.url, "--only", "seen", "--samples", "3").filter((arg) => arg !== "--json"),
        { environment: environment() },
      );
      const { promise: asked, resolve } = Promise.withResolvers<undefined>();
      const watch = setInterval(() => {
        if (slow.requests.length > 0) resolve(undefined);
      }, 20);
      await Promise.race([asked, once(child, "close")]);
      clearInterval(watch);
      child.kill("SIGINT");
      const { exit_code, stderr } = await ended;
      assert.equal(exit_code, 130, stderr);
      assert.deepEqual(await leftBehind(), []);
    } finally {
      await slow.close();
    }
  });
});
