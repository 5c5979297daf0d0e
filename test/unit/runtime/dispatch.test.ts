import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { contract, type Method, Role } from "../../../schemas/contract.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import { as, testDispatch } from "../../support/dispatch.ts";
import { anAgent } from "../../support/records.ts";

const { signal } = new AbortController();
const rejection = async (promise: Promise<unknown>): Promise<CoditectError> => {
  const error = await promise.then(
    () => assert.fail("it did not reject"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CoditectError, String(error));
  return error;
};

describe("dispatch", () => {
  const { dispatch } = testDispatch("/workspace");

  it("knows the methods of the contract and no other", async () => {
    for (const name of ["agents/destroy", "constructor", "__proto__", ""]) {
      const error = await rejection(dispatch(name, {}, as("admin"), signal));
      assert.equal(error.code, "unknown_method");
    }
  });

  it("names every wrong param in words, with its place, and never a value", async () => {
    const params: unknown = {
      agent_type: "Coder",
      provider: { Ollama: { model: "m", endpoint: "sk-secret" } },
      settings: { temperature: 7 },
      extra: 1,
    };
    const error = await rejection(dispatch("agents/create" as string, params, as("admin"), signal));
    assert.equal(error.code, "invalid_params");
    assert.match(error.message, /name: is missing/);
    assert.match(error.message, /provider\.Ollama\.endpoint: must be an address/);
    assert.match(error.message, /settings\.temperature: must be at most 1/);
    assert.match(error.message, /extra: is not a known field/);
    assert.doesNotMatch(error.message, /sk-secret/);
  });

  it("refuses a login in an address that would not keep it, and names the setting that does", async () => {
    const provider = { Ollama: { model: "m", endpoint: "http://ann:geheim@box:11434" } };
    const calls: [string, object, RegExp][] = [
      [
        "agents/create",
        { name: "a", agent_type: "Coder", provider },
        / provider\.Ollama\.endpoint: must not/,
      ],
      [
        "teams/execute",
        { team_id: randomUUID(), task: "t", options: { provider } },
        /options\.provider\.Ollama/,
      ],
      [
        "settings/set",
        { key: "provider", value: provider, scope: "user" },
        / value\.Ollama\.endpoint: must not/,
      ],
      [
        "agents/create",
        {
          ...{ name: "a", agent_type: "Coder" },
          ...{ provider: { Claude: { model: "m", max_tokens: 9 } }, settings: { failover: [provider] } },
        },
        /settings\.failover\[0\]\.Ollama\.endpoint: must not/,
      ],
    ];
    for (const [method, params, place] of calls) {
      const error = await rejection(dispatch(method, params, as("admin"), signal));
      assert.equal(error.code, "invalid_params");
      assert.match(error.message, place);
      assert.match(error.message, /a name and password; set them in your setting endpoints\.Ollama/);
      assert.doesNotMatch(error.message, /geheim/);
    }
  });

  it("takes left out params for none", async () => {
    const page = await dispatch("agents/list" as string, undefined, as("viewer"), signal);
    assert.deepEqual(page, { items: [], next_cursor: null });
  });

  for (const method of Object.keys(contract))
    it(`lets nobody below its role call ${method}`, async () => {
      const needed = Role.options.indexOf(contract[method as Method].role);
      for (const [rank, role] of Role.options.entries()) {
        const error = await rejection(dispatch(method, { nonsense: true }, as(role), signal));
        assert.equal(error.code, rank < needed ? "not_authorised" : "invalid_params");
      }
    });

  it("hides what an unforeseen failure says, and logs it under the reference it gives", async () => {
    const failing = testDispatch("/workspace", {
      runs: { start: () => Promise.reject(new Error("ENOENT /home/jo/secret token=abc")) },
    });
    const error = await rejection(
      failing.dispatch("teams/execute", { team_id: "tdd" }, as("operator"), signal),
    );
    assert.equal(error.code, "internal");
    assert.doesNotMatch(error.message + (error.nextStep ?? ""), /home|token/);
    const [line] = failing.log;
    assert.equal(line?.data.reference, error.data.reference);
    assert.match(String(line?.data.error), /ENOENT/);
  });

  it("ends as cancelled when the caller went away", async () => {
    const controller = new AbortController();
    const waiting = testDispatch("/workspace", {
      gateway: {
        models: (_, gone) =>
          new Promise((_resolve, reject) => {
            gone.addEventListener("abort", () => {
              reject(new Error("aborted"));
            });
          }),
      },
    });
    const answer = rejection(waiting.dispatch("models/list", {}, as("viewer"), controller.signal));
    await Promise.resolve();
    controller.abort();
    assert.equal((await answer).code, "cancelled");
    const late = await rejection(waiting.dispatch("models/list", {}, as("viewer"), controller.signal));
    assert.equal(late.code, "cancelled");
  });

  it("finds a handler out that answers something else than its row says", async () => {
    const { store, dispatch: checked } = testDispatch("/workspace");
    const agent = { ...anAgent(), status: "Sleeping" };
    await store.commit((transaction) => {
      // A record that no code of ours could have stored.
      transaction.put("agents", agent as never);
    });
    const error = await rejection(checked("agents/get", { agent_id: agent.agent_id }, as("viewer"), signal));
    assert.equal(error.code, "internal");
  });

  it("says what is missing when a record is not there", async () => {
    const id = randomUUID();
    const error = await rejection(dispatch("teams/get", { team_id: id }, as("viewer"), signal));
    assert.equal(error.code, "not_found");
    assert.equal(error.message, `There is no team ${id}.`);
  });
});
