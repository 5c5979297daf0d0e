import type { Localizer } from "../../../schemas/localizer.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { agentsTree } from "../../../client/tree/agents.ts";
import { fold } from "../../../client/tree/fold.ts";
import type { Tree } from "../../../client/tree/item.ts";
import { createModel, removeFolder, type Model } from "../../../client/tree/model.ts";
import { nodeId, parseNode, roots } from "../../../client/tree/nodes.ts";
import { createRedraw } from "../../../client/tree/redraw.ts";
import { runsTree } from "../../../client/tree/runs.ts";
import { agent, anyEvent, executionEvent, runStarted, stageState } from "./events.ts";

const FOLDER = "file:///bill";

/** Texts as they are written, with their arguments put in. */
const l10n: Localizer = {
  t: (message, ...args) => message.replace(/\{(\d)\}/g, (_, index: string) => String(args[Number(index)])),
};

/** Every line of a tree: node → its own text and its list of children. */
const linesOf = (tree: Tree): Map<string, string> => {
  const lines = new Map<string, string>();
  const visit = (node: string) => {
    const children = tree.children(node);
    lines.set(node, JSON.stringify([tree.item(node), children]));
    for (const child of children) visit(child);
  };
  for (const node of tree.children(null)) visit(node);
  return lines;
};

const touchedBy = (model: Model, event: Parameters<typeof fold>[2]): string[] => {
  const touched: string[] = [];
  fold(model, FOLDER, event, (node) => touched.push(node));
  return touched;
};

const ancestors = (tree: Tree, node: string): string[] => {
  const above = tree.parent(node);
  return above === null ? [] : [above, ...ancestors(tree, above)];
};

describe("folding events", () => {
  for (const { name, root, build } of [
    { name: "Runs", root: roots.runs, build: runsTree },
    { name: "Agents", root: roots.agents, build: agentsTree },
  ]) {
    it(`touches every line of ${name} that changed, itself or from above`, () => {
      fc.assert(
        fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
          const model = createModel();
          model.agents.set(agent.agent_id, { folder: FOLDER, agent });
          const tree = build(model, l10n);
          for (const event of events) {
            const [before, list] = [linesOf(tree), tree.children(null)];
            const touched = new Set(touchedBy(model, event));
            const after = linesOf(tree);
            const rootChanged = JSON.stringify(tree.children(null)) !== JSON.stringify(list);
            if (rootChanged) assert.ok(touched.has(root), `${event.type} changed the list of ${name}`);
            for (const [node, line] of after) {
              if (line === before.get(node) || touched.has(root)) continue;
              const covered = [node, ...ancestors(tree, node)].some((above) => touched.has(above));
              assert.ok(
                covered,
                `${event.type} changed ${node} unnoticed:\n${before.get(node) ?? "-"}\n${line}`,
              );
            }
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it("draws one line again when a known execution changes its state", () => {
    const model = createModel();
    touchedBy(model, runStarted(1));
    const { execution } = executionEvent(1, 1, "Queued");
    touchedBy(model, executionEvent(1, 1, "Queued"));
    assert.deepEqual(touchedBy(model, executionEvent(1, 1, "Running")), [
      nodeId.execution(execution.execution_id),
    ]);
  });

  it("leaves an instance's type alone while only its load changes", () => {
    const model = createModel();
    model.agents.set(agent.agent_id, { folder: FOLDER, agent });
    fc.assert(
      fc.property(fc.array(anyEvent.filter(({ type }) => type === "instance.changed")), (events) => {
        for (const event of events) {
          if (event.type !== "instance.changed") continue;
          const known = model.instances.get(event.instance.instance_id)?.instance.state;
          const touched = touchedBy(model, event);
          if (known === event.instance.state)
            assert.deepEqual(touched, [nodeId.instance(event.instance.instance_id)]);
        }
      }),
    );
  });

  it("forgets all of a folder that is closed", () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const model = createModel();
        for (const event of events) touchedBy(model, event);
        removeFolder(model, FOLDER);
        assert.deepEqual(
          [model.runs.size, model.executions.size, model.instances.size, model.executionsByInstance.size],
          [0, 0, 0, 0],
        );
      }),
    );
  });
});

describe("the Runs tree", () => {
  it("shows only runs that contain the filter", () => {
    const model = createModel();
    touchedBy(model, runStarted(1));
    touchedBy(model, runStarted(2));
    for (const run of model.runs.values())
      run.file = run.task_id.endsWith("1") ? "src/bill.js" : "src/cart.js";
    // A run leads with what it is about, not with its team.
    model.filter = "cart";
    const shown = runsTree(model, l10n).children(null);
    assert.deepEqual(
      shown.map((node) => runsTree(model, l10n).item(node)?.label),
      ["src/cart.js"],
    );
  });

  it("offers more while a folder has older runs", () => {
    const model = createModel();
    model.cursors.set(FOLDER, "next");
    assert.deepEqual(runsTree(model, l10n).children(null), [nodeId.more()]);
    model.cursors.set(FOLDER, null);
    assert.deepEqual(runsTree(model, l10n).children(null), []);
    model.isPaged = true;
    assert.deepEqual(runsTree(model, l10n).children(null), [nodeId.more()]);
    assert.equal(runsTree(model, l10n).item(nodeId.more())?.command, undefined);
  });

  it("says of several attempts how each was ranked, and offers to compare them", () => {
    const model = createModel();
    touchedBy(model, runStarted(1));
    const attempts = [1, 2].map((attempt) => {
      const event = executionEvent(1, attempt, "Completed");
      touchedBy(model, { ...event, execution: { ...event.execution, attempt } });
      const score = {
        ...{ gates_held: 3, gates: 3, held_back: { passed: attempt, failed: 2 - attempt } },
        ...{ mutants: { killed: 4, judged: 5 }, lines: 7, files: 1, cost: null },
      };
      const { execution_id } = event.execution;
      return { attempt, round: 1, execution_id, rank: 3 - attempt, score };
    });
    const { task_id } = executionEvent(1, 1, "Completed");
    const execution_ids = attempts.map(({ execution_id }) => execution_id);
    touchedBy(model, {
      type: "stage.finished",
      at: new Date(0).toISOString(),
      task_id,
      stage: { ...stageState("green", "Completed", execution_ids), attempts },
    });
    const tree = runsTree(model, l10n);
    const [first] = execution_ids;
    const item = tree.item(nodeId.execution(first ?? ""));
    assert.equal(item?.label, "Coder, attempt 1");
    assert.match(item.description, /rank 2 · 1 of 2 held-back tests pass · 4 of 5 mutants noticed · 7 lines/);
    assert.ok(item.flags.includes("attempted"));
    assert.ok(tree.item(nodeId.stage(task_id, "green"))?.flags.includes("attempted"));
  });

  it("says in words to a screen reader what its icons show", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1 }), (events) => {
        const model = createModel();
        for (const event of events) touchedBy(model, event);
        const tree = runsTree(model, l10n);
        for (const node of linesOf(tree).keys()) assert.notEqual(tree.item(node)?.accessibleLabel ?? "", "");
      }),
    );
  });
});

describe("node ids", () => {
  it("are read back as they were made, whatever stands in a path", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string(), (task_id, path) => {
        assert.deepEqual(parseNode(nodeId.file(task_id, path)), { kind: "file", task_id, path });
      }),
    );
  });

  it("are refused when they are none", () => {
    assert.deepEqual([parseNode("runs"), parseNode(""), parseNode("else:1")], [null, null, null]);
  });
});

describe("redrawing", () => {
  const parents: Record<string, string | null> = { run: null, stage: "run", execution: "stage" };
  const collect = () => {
    const drawn: (string[] | null)[] = [];
    const flushes: (() => void)[] = [];
    const touch = createRedraw({
      schedule: (flush) => flushes.push(flush),
      parent: (node) => parents[node] ?? null,
      isReplaced: (node) => replaced.has(node),
      roots: ["root"],
      draw: (nodes) => drawn.push(nodes),
    });
    return { drawn, flushes, touch };
  };
  const replaced = new Set<string>();
  afterEach(() => {
    replaced.clear();
  });

  it("brings in a line that is another one by now with the line above it", () => {
    const { drawn, flushes, touch } = collect();
    replaced.add("execution");
    touch("execution");
    flushes[0]?.();
    replaced.add("stage").add("run");
    touch("execution");
    flushes[1]?.();
    assert.deepEqual(drawn, [["stage"], null]);
  });

  it("gathers what is touched until it is flushed, once", () => {
    const { drawn, flushes, touch } = collect();
    for (let n = 0; n < 200; n += 1) touch("execution");
    assert.equal(flushes.length, 1);
    flushes[0]?.();
    assert.deepEqual(drawn, [["execution"]]);
  });

  it("leaves out what is drawn with a node above it", () => {
    const { drawn, flushes, touch } = collect();
    touch("execution");
    touch("run");
    flushes[0]?.();
    assert.deepEqual(drawn, [["run"]]);
  });

  it("draws everything when the list itself changed, and then begins anew", () => {
    const { drawn, flushes, touch } = collect();
    touch("execution");
    touch("root");
    flushes[0]?.();
    touch("stage");
    flushes[1]?.();
    assert.deepEqual(drawn, [null, ["stage"]]);
  });
});
