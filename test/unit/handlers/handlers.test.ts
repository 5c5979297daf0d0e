import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type MethodInput, StartRun } from "../../../schemas/contract.ts";
import type { CollectionName, Records } from "../../../server/store/store.ts";
import { as, testDispatch, type TestDispatch } from "../../support/dispatch.ts";
import { aFinding, anAgent, anExecution, anInstance, aRun, aTask, NOW } from "../../support/records.ts";

const { signal } = new AbortController();
const caller = as("admin");
const ollama = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
const claude = { Claude: { model: "claude-sonnet-5", max_tokens: 8192 } };

let at: TestDispatch;
beforeEach(() => {
  at = testDispatch("/workspace");
});

const put = <Name extends CollectionName>(collection: Name, ...records: Records[Name][]) =>
  at.store.commit((transaction) => {
    for (const record of records) transaction.put(collection, record);
  });

describe("agents", () => {
  const create = (fields: Partial<MethodInput<"agents/create">> = {}) =>
    at.dispatch(
      "agents/create",
      { name: "Ada", agent_type: "Coder", provider: ollama, ...fields },
      caller,
      signal,
    );

  it("are created with the defaults of their type and the settings that were given", async () => {
    const agent = await create({ settings: { temperature: 0.9 } });
    assert.deepEqual(agent.capabilities, ["ImplementCode", "OptimizePerformance"]);
    assert.equal(agent.settings.temperature, 0.9);
    assert.equal(agent.settings.max_retries, 3);
    assert.deepEqual(at.store.get("agents", agent.agent_id), agent);
    assert.deepEqual(at.events, [{ type: "configuration.changed", at: NOW }]);
  });

  it("keep a limit of answers that the user set, also where it is the default", async () => {
    assert.equal((await create({})).settings.max_tokens_by, undefined);
    const agent = await create({ settings: { max_tokens: 4096 } });
    assert.equal(agent.settings.max_tokens_by, "user");
    const update = { agent_id: agent.agent_id, settings: { max_tokens_by: "model" as const } };
    const updated = await at.dispatch("agents/update", update, caller, signal);
    assert.equal(updated.settings.max_tokens_by, "model");
  });

  it("keep every setting an update does not name", async () => {
    const agent = await create({ settings: { max_tokens: 9000, timeout_seconds: 7 } });
    const updated = await at.dispatch(
      "agents/update",
      { agent_id: agent.agent_id, settings: { temperature: 0.5 } },
      caller,
      signal,
    );
    assert.deepEqual(updated, { ...agent, settings: { ...agent.settings, temperature: 0.5 } });
  });

  it("take the price of a new provider, unless the user set another one", async () => {
    const priceAfter = async (settings: NonNullable<MethodInput<"agents/create">["settings"]>) => {
      const { agent_id } = await create({ settings });
      const agent = await at.dispatch("agents/update", { agent_id, provider: claude }, caller, signal);
      return agent.settings.cost_per_1k_tokens;
    };
    assert.notEqual(await priceAfter({}), 0);
    assert.equal(await priceAfter({ cost_per_1k_tokens: 0.2 }), 0.2);
  });

  it("are not deleted while an instance of theirs is active", async () => {
    const agent = await create();
    const instance = anInstance(agent.agent_id);
    await put("instances", instance);
    const remove = () => at.dispatch("agents/delete", { agent_id: agent.agent_id }, caller, signal);
    await assert.rejects(remove(), {
      code: "agent_has_active_instances",
      data: { id: agent.agent_id, count: 1 },
    });
    await put("instances", { ...instance, state: "Terminated" });
    assert.deepEqual(await remove(), {});
    assert.equal(at.store.get("agents", agent.agent_id), null);
    await assert.rejects(remove(), { code: "not_found" });
  });

  it("are listed by type and status, page by page", async () => {
    await put("agents", anAgent("Coder", "a"), anAgent("Reviewer", "b"), anAgent("Coder", "c"));
    const list = async (cursor: string | null) => {
      const params = { type: "Coder", status: "Available", limit: 1, cursor } as const;
      const page = await at.dispatch("agents/list", params, caller, signal);
      return { names: page.items.map(({ name }) => name), next: page.next_cursor };
    };
    const first = await list(null);
    assert.deepEqual(first.names, ["c"]);
    assert.deepEqual(await list(first.next), { names: ["a"], next: null });
  });
});

describe("instances", () => {
  it("are created where the call says, else where the agent says, else where the settings say", async () => {
    const agent = anAgent();
    const docker = anAgent("Coder", "boxed");
    await put("agents", agent, { ...docker, settings: { ...docker.settings, runtime: "Docker" } });
    at = testDispatch("/workspace", {
      store: at.store,
      pool: { create: (of) => Promise.resolve(anInstance(of.agent_id)) },
    });
    for (const [agent_id, runtime] of [
      [agent.agent_id, null],
      [docker.agent_id, null],
      [docker.agent_id, "Local"],
    ] as const)
      await at.dispatch("instances/create", { agent_id, runtime }, caller, signal);
    assert.deepEqual(
      at.passedOn.map(([name, , runtime, actor]) => [name, runtime, actor]),
      [
        ["create", "Local", "user:cli"],
        ["create", "Docker", "user:cli"],
        ["create", "Local", "user:cli"],
      ],
    );
  });

  it("are listed by agent and state, or only the active ones", async () => {
    const [one, other] = [anInstance(randomUUID()), anInstance(randomUUID())];
    await put("instances", one, { ...other, state: "Terminated" });
    const list = async (params: MethodInput<"instances/list">) => {
      const { items } = await at.dispatch("instances/list", params, caller, signal);
      return items.map(({ instance_id }) => instance_id);
    };
    assert.deepEqual(await list({ active: true }), [one.instance_id]);
    assert.deepEqual(await list({ state: "Terminated" }), [other.instance_id]);
    assert.deepEqual(await list({ agent_id: one.agent_id }), [one.instance_id]);
    assert.equal((await list({})).length, 2);
  });

  it("refuse to be steered when they are not there", async () => {
    const instance_id = randomUUID();
    for (const method of ["instances/get", "instances/terminate", "instances/history"] as const)
      await assert.rejects(at.dispatch(method, { instance_id }, caller, signal), { code: "not_found" });
    assert.deepEqual(at.passedOn, []);
  });
});

describe("executions", () => {
  it("are listed without their input and read with it", async () => {
    const task = aTask();
    const execution = anExecution(task.task_id);
    await put("executions", execution, anExecution(randomUUID()));
    const { input, ...rest } = execution;
    const page = await at.dispatch("executions/list", { task_id: task.task_id }, caller, signal);
    assert.deepEqual(page.items, [rest]);
    const { execution_id } = execution;
    assert.deepEqual(await at.dispatch("executions/get", { execution_id }, caller, signal), {
      input,
      ...rest,
    });
  });

  it("are read on in their transcript from where a reader stopped", async () => {
    const execution = anExecution(randomUUID());
    const { execution_id } = execution;
    await put("executions", execution);
    const note = (turn: number) => ({ type: "note" as const, at: NOW, turn, text: String(turn) });
    await at.store.transcripts.append(execution_id, [note(1), note(2)]);
    const first = await at.dispatch("executions/transcript", { execution_id }, caller, signal);
    assert.equal(first.next, 2);
    await at.store.transcripts.append(execution_id, [note(3)]);
    const more = await at.dispatch(
      "executions/transcript",
      { execution_id, from: first.next },
      caller,
      signal,
    );
    assert.deepEqual(more, { entries: [note(3)], next: 3 });
  });
});

describe("teams", () => {
  const stage = { name: "code", member: "coder", prompt: "{{task}}" };
  const team = {
    name: "mine",
    members: [{ role: "coder", agent_type: "Coder" as const }],
    workflow_stages: [stage],
  };

  it("are checked before they are stored", async () => {
    const stored = await at.dispatch("teams/create", team, caller, signal);
    assert.equal(stored.workflow_stages[0]?.max_turns, 40);
    const twice = { ...team, workflow_stages: [stage, stage] };
    await assert.rejects(at.dispatch("teams/create", twice, caller, signal), { code: "invalid_workflow" });
    assert.deepEqual(at.store.all("teams"), [stored]);
  });

  it("start a run by name with everything the caller said", async () => {
    at = testDispatch("/workspace", { runs: { start: () => Promise.resolve(aRun(randomUUID())) } });
    const params = { team_id: "tdd", file: "src/a.ts", options: { priority: 3 } };
    await at.dispatch("teams/execute", params, caller, signal);
    const [name, started, request] = at.passedOn[0] ?? [];
    assert.deepEqual([name, started], ["start", "tdd"]);
    const { file, options } = StartRun.parse(request);
    assert.deepEqual([file, options.priority, options.overlays], ["src/a.ts", 3, []]);
  });
});

describe("runs", () => {
  it("are told with their task and executions", async () => {
    const task = aTask();
    const run = aRun(task.task_id);
    const execution = anExecution(task.task_id);
    await put("tasks", task);
    await put("runs", run);
    await put("executions", execution);
    const { input, ...rest } = execution;
    const details = await at.dispatch("runs/get", { task_id: task.task_id }, caller, signal);
    assert.deepEqual(details, { task, run, executions: [rest] });
    const page = await at.dispatch("runs/list", { status: "Running" }, caller, signal);
    assert.deepEqual(page.items, [{ task, run }]);
  });

  it("are resumed with what the caller changes, and nothing else", async () => {
    const { task_id } = aTask();
    const run = aRun(task_id);
    at = testDispatch("/workspace", { runs: { resume: () => Promise.resolve(run) } });
    await put("runs", run);
    await at.dispatch("runs/resume", { task_id, options: { timeout_seconds: 60 } }, caller, signal);
    assert.deepEqual(at.passedOn, [["resume", task_id, { timeout_seconds: 60 }]]);
  });
});

describe("findings", () => {
  it("of one fingerprint are dismissed together and remembered", async () => {
    const one = aFinding();
    const again = aFinding();
    const fixed = aFinding({ status: "Fixed" });
    const other = aFinding({ fingerprint: "0".repeat(64) });
    await put("findings", one, again, fixed, other);
    const params = { finding_id: one.finding_id, reason: "as meant" };
    const answer = await at.dispatch("findings/dismiss", params, caller, signal);
    assert.equal(answer.dismissed_reason, "as meant");
    assert.deepEqual(
      [one, again, fixed, other].map(({ finding_id }) => at.store.get("findings", finding_id)?.status),
      ["Dismissed", "Dismissed", "Fixed", "Open"],
    );
    assert.equal(at.store.get("dismissals", one.fingerprint)?.reason, "as meant");
    assert.deepEqual(
      at.events.map(({ type }) => type),
      ["finding.changed", "finding.changed"],
    );
  });

  it("about a mutant can be confirmed once, with a name; others cannot be confirmed", async () => {
    const argued = aFinding({ category: "equivalent-mutant", fingerprint: "m-0123456789ab" });
    const other = aFinding();
    await put("findings", argued, other);
    const confirm = ({ finding_id }: { finding_id: string }, user: string) =>
      at.dispatch(
        "findings/confirm",
        { finding_id },
        { ...caller, remote: { user, tokenId: null, from: "::1" } },
        signal,
      );
    const answer = await confirm(argued, "ada");
    assert.deepEqual([answer.status, answer.confirmed_by], ["Confirmed", "ada"]);
    await assert.rejects(confirm(argued, "eve"), { code: "not_confirmable" });
    await assert.rejects(confirm(other, "ada"), { code: "not_confirmable" });
    assert.equal(at.store.get("findings", argued.finding_id)?.confirmed_by, "ada");
  });
});

describe("the runtime", () => {
  it("tells what was used today, also before anything was", async () => {
    const today = await at.dispatch("usage/today", {}, caller, signal);
    assert.deepEqual([today.day, today.tokens], ["2026-01-31", 0]);
    await put("dailyUsage", { ...today, tokens: 12 });
    assert.equal((await at.dispatch("usage/today", {}, caller, signal)).tokens, 12);
  });

  it("counts what is going on", async () => {
    await put("runs", aRun(randomUUID()), aRun(randomUUID(), { status: "Succeeded" }));
    await put("instances", anInstance(randomUUID()));
    const status = await at.dispatch("runtime/status", {}, caller, signal);
    assert.deepEqual([status.running_runs, status.active_instances, status.version], [1, 1, "1.2.3"]);
  });

  it("hands keys on and keeps none of them", async () => {
    await at.dispatch("credentials/set", { provider: "Claude", keys: ["k"] }, caller, signal);
    assert.deepEqual(at.passedOn, [["setKeys", "Claude", ["k"]]]);
    assert.deepEqual(at.events, []);
  });
});

describe("alerts", () => {
  it("are listed while their cause is there, and acknowledged by name", async () => {
    const cause = {
      ...({ alert: "provider_errors", severity: "warning", subject: "Ollama" } as const),
      message: "5 executions failed today because of Ollama.",
    };
    at = testDispatch("/workspace", { causes: [cause] });
    const [alert] = (await at.dispatch("alerts/list", {}, caller, signal)).items;
    assert.ok(alert !== undefined);
    assert.equal(alert.status, "Raised");
    const { alert_id } = alert;
    const acknowledged = await at.dispatch("alerts/acknowledge", { alert_id }, as("operator"), signal);
    assert.equal(acknowledged.status, "Acknowledged");
    assert.deepEqual((await at.dispatch("alerts/list", {}, caller, signal)).items, [acknowledged]);
    const told = at.events.map((event) => (event.type === "alert.changed" ? event.first : null));
    assert.deepEqual(told, [true, false]);
    const unknown = at.dispatch("alerts/acknowledge", { alert_id: randomUUID() }, caller, signal);
    await assert.rejects(unknown, { code: "not_found" });
  });
});
