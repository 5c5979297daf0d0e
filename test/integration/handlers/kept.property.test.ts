import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentType, type AgentConfig, type AIProvider } from "../../../schemas/agent.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import { openStore } from "../../../server/store/open.ts";
import { adoptFormer } from "../../../server/teams/definition/adopt.ts";
import { builtInTeams } from "../../../server/teams/definition/built-in.ts";
import { agentContent, teamContent } from "../../../server/teams/definition/templates.ts";
import { as, testDispatch, type TestDispatch } from "../../support/dispatch.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const signal = new AbortController().signal;
const user = as("admin");
const ollama = (model: string): AIProvider => ({ Ollama: { model, endpoint: "http://127.0.0.1:1" } });

/** One step of a user, or of the product. The numbers choose among what there is. */
type Step =
  | { does: "create team"; name: string }
  | { does: "change members"; team: number; type: AgentType }
  | { does: "delete team"; team: number }
  | { does: "create agent"; name: string; type: AgentType; model: string }
  | { does: "change agent"; agent: number; model: string }
  | { does: "restore team"; team: number }
  | { does: "restore agent"; agent: number }
  | { does: "share team"; team: number }
  | { does: "list" }
  | { does: "run"; team: string }
  | { does: "choose model"; model: string }
  | { does: "write team file"; name: string }
  | { does: "restart" };

const names = fc.constantFrom("tdd", "review", "mine", "Coder", "Test writer");
const model = fc.constantFrom("one", "two", "three");
const type = fc.constantFrom(...AgentType.options);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant("create team" as const), name: names }),
  fc.record({ does: fc.constant("change members" as const), team: fc.nat(9), type }),
  fc.record({ does: fc.constant("delete team" as const), team: fc.nat(9) }),
  fc.record({ does: fc.constant("create agent" as const), name: names, type, model }),
  fc.record({ does: fc.constant("change agent" as const), agent: fc.nat(9), model }),
  fc.record({ does: fc.constant("restore team" as const), team: fc.nat(9) }),
  fc.record({ does: fc.constant("restore agent" as const), agent: fc.nat(9) }),
  fc.record({ does: fc.constant("share team" as const), team: fc.nat(9) }),
  fc.constant({ does: "list" as const }),
  fc.record({ does: fc.constant("run" as const), team: fc.constantFrom("tdd", "review", "mine") }),
  fc.record({ does: fc.constant("choose model" as const), model }),
  fc.record({ does: fc.constant("write team file" as const), name: fc.constantFrom("tdd", "of-project") }),
  fc.constant({ does: "restart" as const }),
);

/** The only answer besides success: it says why, and changes nothing. */
const refusedAs =
  (...codes: string[]) =>
  (error: unknown): undefined => {
    assert.ok(error instanceof CoditectError && codes.includes(error.code), String(error));
  };

const workflow = { name: "work", member: "worker", prompt: "{{task}}" };

/** A workspace with its state, and what the user made of it: that must be there after every step. */
class Kept {
  readonly #workspace: TestWorkspace;
  #at: TestDispatch;
  #provider = ollama("one");
  readonly #teams = new Map<string, AgentTeam>();
  readonly #agents = new Map<string, AgentConfig>();
  readonly #deleted = new Set<string>();

  static async open(): Promise<Kept> {
    const workspace = await testWorkspace({});
    return new Kept(workspace, await Kept.#start(workspace, ollama("one")));
  }

  static async #start(workspace: TestWorkspace, provider: AIProvider): Promise<TestDispatch> {
    const store = await openStore({ folder: join(workspace.root, ".coditect/state"), durability: "os" });
    await adoptFormer(store);
    return testDispatch(workspace.root, { store, provider });
  }

  constructor(workspace: TestWorkspace, at: TestDispatch) {
    this.#workspace = workspace;
    this.#at = at;
  }

  async #restart(): Promise<void> {
    await this.#at.store.close();
    this.#at = await Kept.#start(this.#workspace, this.#provider);
  }

  async take(next: Step): Promise<void> {
    const { dispatch, store, configuration } = this.#at;
    switch (next.does) {
      case "create team": {
        const members = [{ role: "worker", agent_type: "Coder" as const }];
        const asked = { name: next.name, description: "Mine", members, workflow_stages: [workflow] };
        const team = await dispatch("teams/create", asked, user, signal).catch(refusedAs("name_taken"));
        if (team !== undefined) this.#teams.set(team.team_id, team);
        return;
      }
      case "change members": {
        const team = store.all("teams").at(next.team);
        if (team === undefined) return;
        const members = team.members.map((member) => ({ ...member, agent_type: next.type }));
        const changed = await dispatch(
          "teams/updateMembers",
          { team_id: team.team_id, members },
          user,
          signal,
        ).catch(refusedAs("defined_in_file", "invalid_workflow"));
        if (changed !== undefined) this.#teams.set(changed.team_id, changed);
        return;
      }
      case "delete team": {
        const team = store.all("teams").at(next.team);
        if (team === undefined) return;
        const { team_id } = team;
        const deleted = await dispatch("teams/delete", { team_id }, user, signal).catch(
          refusedAs("defined_in_file"),
        );
        if (deleted === undefined) return;
        this.#teams.delete(team_id);
        this.#deleted.add(team_id);
        return;
      }
      case "create agent": {
        const asked = { name: next.name, agent_type: next.type, provider: ollama(next.model) };
        const agent = await dispatch("agents/create", asked, user, signal);
        this.#agents.set(agent.agent_id, agent);
        return;
      }
      case "change agent": {
        const agent = store.all("agents").at(next.agent);
        if (agent === undefined) return;
        const asked = {
          agent_id: agent.agent_id,
          provider: ollama(next.model),
          settings: { temperature: 0.9 },
        };
        this.#agents.set(agent.agent_id, await dispatch("agents/update", asked, user, signal));
        return;
      }
      case "restore team": {
        const team = store.all("teams").at(next.team);
        if (team === undefined) return;
        const { team_id } = team;
        const restored = await dispatch("teams/restore", { team_id }, user, signal).catch(
          refusedAs("not_a_default"),
        );
        // Nothing of the user's is left in it: it follows the product again.
        if (restored !== undefined) this.#teams.delete(team_id);
        return;
      }
      case "restore agent": {
        const agent = store.all("agents").at(next.agent);
        if (agent === undefined) return;
        const { agent_id } = agent;
        const restored = await dispatch("agents/restore", { agent_id }, user, signal).catch(
          refusedAs("not_a_default"),
        );
        if (restored !== undefined) this.#agents.delete(agent_id);
        return;
      }
      case "share team":
        return this.#share(store.all("teams").at(next.team));
      case "list":
        await dispatch("teams/list", {}, user, signal);
        await dispatch("agents/list", {}, user, signal);
        return;
      case "run": {
        // What the start of a run makes of a team's name and of its members.
        const team = await configuration.team(next.team).catch(refusedAs("unknown_workflow"));
        for (const member of team?.members ?? []) await configuration.agentOf(member);
        return;
      }
      case "choose model":
        this.#provider = ollama(next.model);
        return this.#restart();
      case "write team file": {
        const path = join(this.#workspace.root, ".coditect/teams");
        await mkdir(path, { recursive: true });
        const members = [{ role: "worker", agent_type: "Reviewer" }];
        const file = { name: next.name, members, workflow_stages: [workflow] };
        await writeFile(join(path, `${next.name}.json`), JSON.stringify(file));
        return;
      }
      case "restart":
        return this.#restart();
    }
  }

  /** Out as one file and in again: the project's files then hold it, and what is stored stays. */
  async #share(team: AgentTeam | undefined): Promise<void> {
    if (team === undefined) return;
    const { dispatch } = this.#at;
    const shared = await dispatch("teams/export", { team_id: team.team_id }, user, signal);
    const given = { source: "shared.json", text: JSON.stringify(shared) };
    const { sha256 } = await dispatch("packages/preview", given, user, signal);
    await dispatch("packages/import", { ...given, sha256 }, user, signal).catch(
      refusedAs("import_in_the_way"),
    );
  }

  check(): void {
    const { store } = this.#at;
    for (const [id, team] of this.#teams) assert.deepEqual(store.get("teams", id), team);
    for (const [id, agent] of this.#agents)
      assert.deepEqual(agentContent(store.get("agents", id) ?? assert.fail("gone")), agentContent(agent));
    for (const id of this.#deleted) assert.equal(store.get("teams", id), null);
    for (const { name } of builtInTeams)
      assert.ok(
        store.all("teams", { name }).filter(({ team_id }) => !this.#teams.has(team_id)).length <= 2,
        `${name} was stored more than once`,
      );
  }

  async close(): Promise<void> {
    await this.#at.store.close();
    await this.#workspace.remove();
  }
}

describe("what a user stored", () => {
  it("is there unchanged after any sequence of lists, runs, changes and restarts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
        const kept = await Kept.open();
        try {
          for (const each of steps) {
            await kept.take(each);
            kept.check();
          }
        } finally {
          await kept.close();
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("a default team or agent", () => {
  let workspace: TestWorkspace;
  beforeEach(async () => {
    workspace = await testWorkspace({});
  });
  afterEach(() => workspace.remove());

  it("follows what the product ships and the settings say, until somebody changes it", async () => {
    const first = testDispatch(workspace.root, { provider: ollama("one") });
    const { store } = first;
    const team = await first.configuration.team("tdd");
    const coder = team.members.find(({ agent_type }) => agent_type === "Coder") ?? assert.fail("no coder");
    const agent = await first.configuration.agentOf(coder);
    assert.deepEqual(agent.provider, ollama("one"));

    const second = testDispatch(workspace.root, { store, provider: ollama("two") });
    const followed = await second.configuration.agentOf(coder);
    assert.deepEqual([followed.agent_id, followed.provider], [agent.agent_id, ollama("two")]);

    const own = { agent_id: agent.agent_id, provider: ollama("mine") };
    await second.dispatch("agents/update", own, user, signal);
    const third = testDispatch(workspace.root, { store, provider: ollama("three") });
    assert.deepEqual((await third.configuration.agentOf(coder)).provider, ollama("mine"));
  });

  it("can be had as it came, under the same id, whatever the user made of it", async () => {
    const { dispatch, configuration, store } = testDispatch(workspace.root);
    const team = await configuration.team("tdd");
    const { agent_id: own } = await dispatch(
      "agents/create",
      { name: "Own", agent_type: "Coder", provider: ollama("own") },
      user,
      signal,
    );
    const members = team.members.map((member) =>
      member.agent_type === "Coder" ? { ...member, agent_id: own } : member,
    );
    await dispatch("teams/updateMembers", { team_id: team.team_id, members }, user, signal);
    const restored = await dispatch("teams/restore", { team_id: team.team_id }, user, signal);
    assert.deepEqual(teamContent(restored), teamContent(team));
    assert.deepEqual(store.get("teams", team.team_id), restored);

    const [member] = team.members;
    const agent = await configuration.agentOf(member ?? assert.fail("no member"));
    const { agent_id } = agent;
    await dispatch("agents/update", { agent_id, name: "Mine", settings: { temperature: 1 } }, user, signal);
    const again = await dispatch("agents/restore", { agent_id }, user, signal);
    assert.deepEqual(agentContent(again), agentContent(agent));
  });

  it("is nothing that a user made, so that cannot be restored", async () => {
    const { dispatch } = testDispatch(workspace.root);
    const asked = { name: "Ada", agent_type: "Coder" as const, provider: ollama("one") };
    const { agent_id } = await dispatch("agents/create", asked, user, signal);
    await assert.rejects(dispatch("agents/restore", { agent_id }, user, signal), { code: "not_a_default" });
  });

  it("stays deleted in lists, and is made again when it is asked for by its name", async () => {
    const { dispatch, configuration, store } = testDispatch(workspace.root);
    const { team_id } = await configuration.team("tdd");
    await dispatch("teams/delete", { team_id }, user, signal);
    await dispatch("teams/list", {}, user, signal);
    assert.deepEqual(store.all("teams", { name: "tdd" }), []);
    assert.equal((await configuration.team("tdd")).name, "tdd");
  });

  it("of a former version is taken over, not stored a second time", async () => {
    const { configuration, store } = testDispatch(workspace.root);
    const { team_id } = await configuration.team("tdd");
    await store.commit((transaction) => {
      for (const { template_id } of store.all("templates")) transaction.remove("templates", template_id);
    });
    await adoptFormer(store);
    await testDispatch(workspace.root, { store }).configuration.publishTeams();
    assert.deepEqual(
      store.all("teams", { name: "tdd" }).map((team) => [team.team_id, teamContent(team).name]),
      [[team_id, "tdd"]],
    );
  });
});

describe("a team", () => {
  let workspace: TestWorkspace;
  afterEach(() => workspace.remove());
  const team = (members: object[]) =>
    JSON.stringify({ name: "pair", members, workflow_stages: [{ ...workflow, member: "worker" }] });

  it("whose member is of another type than its agent file says so, and adds no agent", async () => {
    workspace = await testWorkspace({
      ".coditect/agents/careful.json": JSON.stringify({ name: "careful", agent_type: "Coder" }),
      ".coditect/teams/pair.json": team([{ role: "worker", agent_type: "Reviewer", agent: "careful" }]),
    });
    const { configuration, store } = testDispatch(workspace.root);
    for (let time = 0; time < 2; time += 1)
      await assert.rejects(configuration.team("pair"), /careful is a Coder, not a Reviewer/);
    assert.deepEqual(store.all("agents"), []);
  });

  it("of a file uses its agent as the file says it now, and cannot be changed elsewhere", async () => {
    workspace = await testWorkspace({
      ".coditect/agents/careful.json": JSON.stringify({
        name: "careful",
        agent_type: "Coder",
        settings: { temperature: 0.7 },
      }),
      ".coditect/teams/pair.json": team([{ role: "worker", agent_type: "Coder", agent: "careful" }]),
    });
    const { configuration, dispatch, store } = testDispatch(workspace.root);
    const { team_id, members } = await configuration.team("pair");
    const file = JSON.stringify({ name: "careful", agent_type: "Coder" });
    await writeFile(join(workspace.root, ".coditect/agents/careful.json"), file);
    await configuration.team("pair");
    const [agent] = store.all("agents");
    assert.deepEqual([store.all("agents").length, agent?.settings.temperature], [1, 0.2]);
    const change = dispatch("teams/updateMembers", { team_id, members }, user, signal);
    await assert.rejects(change, { code: "defined_in_file" });
    const agent_id = agent?.agent_id ?? "";
    await assert.rejects(dispatch("agents/update", { agent_id, name: "other" }, user, signal), {
      code: "defined_in_file",
    });
  });

  it("keeps its agents: deleting one that it needs names the team", async () => {
    workspace = await testWorkspace({});
    const { dispatch } = testDispatch(workspace.root);
    const asked = { name: "mine", agent_type: "Coder" as const, provider: ollama("one") };
    const { agent_id } = await dispatch("agents/create", asked, user, signal);
    const members = [{ role: "worker", agent_type: "Coder" as const, agent_id }];
    await dispatch(
      "teams/create",
      { name: "pair", description: "", members, workflow_stages: [workflow] },
      user,
      signal,
    );
    await assert.rejects(dispatch("agents/delete", { agent_id }, user, signal), /member of pair/);
  });
});
