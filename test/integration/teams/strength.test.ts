import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { RehearsalScript } from "../../../server/rehearsal/script.ts";
import { startRehearsal, type RehearsalServer } from "../../../server/rehearsal/server.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { call, discountTests, finish, general, write } from "../../support/discount.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const expensive = 'it("gives a tenth off above 100", () => assert.equal(discount(200), 180));';
const cheap =
  'it("leaves other prices alone", () => assert.deepEqual([discount(50), discount(100)], [50, 100]));';

/** The survivor of the first round that makes `price > 100` true, and one that never was. */
const survivor = "m-0c2dd05c1d1d";
const arguing = call("finish", {
  summary: `Done.\nequivalent ${survivor}: the shop has no lower price\nequivalent m-000000000000: made up`,
  confidence: 1,
  completeness: 1,
});

/** The tests of the first round notice too little; those of the second, what survived. */
const script = RehearsalScript.parse({
  task: "Give a tenth off above 100.",
  file: "src/price.js",
  agents: {
    TestWriter: [
      [write("test/discount.test.js", discountTests([expensive])), finish],
      [write("test/discount.test.js", discountTests([expensive, cheap])), arguing],
    ],
    Coder: [[write("src/price.js", general), finish], [finish]],
    Reviewer: [finish],
    Security: [finish],
    QualityControl: [finish],
  },
});

describe("the gates that measure the tests of the TDD team", () => {
  let model: RehearsalServer;
  let sources: TestWorkspace;
  let project: TestRuntime;

  before(async () => {
    sources = await testWorkspace({
      "package.json": '{ "type": "module", "scripts": { "test": "node --test" } }',
      "src/price.js": "export const discount = (price) => price;\n",
      "test/price.test.js": discountTests(['it("keeps nothing", () => assert.equal(discount(0), 0));']),
    });
    model = await startRehearsal([script]);
    project = await startRuntime({
      project: sources.root,
      settings: { provider: rehearsalProvider(model), strict: true },
    });
  });
  after(async () => {
    await project.close();
    await model.close();
    await sources.remove();
  });

  it("send surviving mutants back to the TestWriter, who is told the line and the mutation", async () => {
    const { task, file } = script;
    const finished = await project.run("tdd", { task, file });
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    assert.deepEqual(
      project
        .told("gate.proved")
        .filter(({ stage }) => stage === "implement")
        .map(({ proof }) => `${proof.gate} ${proof.held ? "held" : "did not hold"}`),
      [
        ...["untouched held", "green held", "clean held", "needed held", "mutants did not hold"],
        ...["untouched held", "green held", "clean held", "needed held", "mutants held", "stable held"],
      ],
    );
    const rounds = project.told("stage.started").map(({ stage, round }) => `${stage} ${round}`);
    assert.deepEqual(rounds.slice(0, 4), ["write-tests 1", "implement 1", "write-tests 2", "implement 2"]);
    const sentBack = project
      .told("stage.started")
      .find(({ stage, round }) => stage === "write-tests" && round === 2);
    assert.match(sentBack?.feedback ?? "", /src\/price\.js:1 survives ConditionalExpression: true/);
    assert.match(sentBack?.feedback ?? "", /in the line: .*price > 100 \? price \* 0\.9 : price/);
    assert.match(sentBack?.feedback ?? "", new RegExp(`its id: ${survivor}`));
  });

  it("store the TestWriter's argument about a surviving mutant, which counts once a person confirms it", async () => {
    const { items } = await project.call("findings/list", {});
    const argued = items.filter(({ category }) => category === "equivalent-mutant");
    assert.deepEqual(
      argued.map(({ fingerprint, status, explanation }) => [fingerprint, status, explanation]),
      [[survivor, "Open", "the shop has no lower price"]],
    );
    const finding_id = argued[0]?.finding_id ?? "";
    const confirmed = await project.call("findings/confirm", { finding_id });
    assert.deepEqual([confirmed.status, confirmed.confirmed_by], ["Confirmed", userInfo().username]);
    await assert.rejects(project.call("findings/confirm", { finding_id }), { code: "not_confirmable" });
  });
});
