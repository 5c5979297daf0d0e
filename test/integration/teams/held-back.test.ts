import assert from "node:assert/strict";
import { rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { RehearsalScript } from "../../../server/rehearsal/script.ts";
import { startRehearsal, type RehearsalServer } from "../../../server/rehearsal/server.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import {
  call,
  discountProject,
  discountTests,
  finish,
  fitted,
  general,
  write,
} from "../../support/discount.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const HIDDEN = "test/discount.held-back.test.js";
const VISIBLE = "test/discount.test.js";

/** The Coder's first code knows the answer that it has seen; its second follows the rule. */
const script = RehearsalScript.parse({
  task: "Give a tenth off above 100.",
  file: "src/price.js",
  agents: {
    TestWriter: [
      write(VISIBLE, discountTests(['it("takes a tenth off", () => assert.equal(discount(200), 180));'])),
      write(
        HIDDEN,
        discountTests([
          'it("takes a tenth off any high price", () => assert.equal(discount(3170), 2853));',
          'it("leaves the limit alone", () => assert.equal(discount(100), 100));',
        ]),
      ),
      finish,
    ],
    Coder: [
      [
        call("list_files", {}),
        call("search", { pattern: "discount" }),
        call("read_file", { path: HIDDEN }),
        write("src/price.js", fitted),
        call("run_tests", {}),
        finish,
      ],
      [write("src/price.js", general), call("run_tests", {}), finish],
    ],
    Reviewer: [call("read_file", { path: HIDDEN }), finish],
    Security: [finish],
    QualityControl: [finish],
  },
});

describe("held-back tests of the TDD team", () => {
  let model: RehearsalServer;
  let sources: TestWorkspace;
  let project: TestRuntime;
  let finished: Awaited<ReturnType<TestRuntime["run"]>>;

  before(async () => {
    sources = await testWorkspace(discountProject);
    model = await startRehearsal([script]);
    project = await startRuntime({
      project: sources.root,
      settings: { provider: rehearsalProvider(model) },
    });
    const { task, file } = script;
    finished = await project.run("tdd", { task, file });
  });
  after(async () => {
    await project.close();
    await model.close();
    await sources.remove();
  });

  const requestsOf = (agent: string): string[] =>
    model.requests.flatMap(({ position, body }) => (position?.agent === agent ? [body] : []));

  it("judge the code at the end, and show how it differs from what its author saw", () => {
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    const proofs = project
      .told("gate.proved")
      .flatMap(({ proof }) => (proof.gate === "held-back" ? [proof] : []));
    assert.deepEqual(
      proofs.map(({ held }) => held),
      [false, true],
    );
    assert.equal(
      proofs[0]?.reason,
      "1 of 2 held-back tests fails; 1 visible test passes. The code passes the tests that its author saw, and not those it did not see.",
    );
    assert.match(proofs[0].evidence[0] ?? "", /takes a tenth off any high price[^]*2853/);
    assert.equal(proofs[1]?.reason, "2 held-back tests pass; 1 visible test passes.");
  });

  it("are nowhere in what the Coder is given, finds or runs", () => {
    const requests = requestsOf("Coder");
    assert.ok(requests.length > 8);
    for (const request of requests) assert.doesNotMatch(request, /3170|2853/);
    // It asks for the file by its name, and gets no answer.
    assert.ok(
      requests.some((request) =>
        /discount\.held-back\.test\.js[^]*(not found|no such|does not exist|is not there)/i.test(request),
      ),
    );
  });

  it("send the Coder back with their names alone", () => {
    const sentBack = project
      .told("stage.started")
      .find(({ stage, round }) => stage === "implement" && round === 2);
    assert.match(sentBack?.feedback ?? "", /held-back did not hold[^]*takes a tenth off any high price/);
    assert.doesNotMatch(sentBack?.feedback ?? "", /2853/);
  });

  it("are shown to the Reviewer, and to the user among the changes", () => {
    assert.ok(requestsOf("Reviewer").some((request) => request.includes("2853")));
    assert.deepEqual(
      finished.changes.map(({ path }) => path),
      ["src/price.js", HIDDEN, VISIBLE],
    );
  });
});
