import assert from "node:assert/strict";
import { agentsTree } from "../../../client/tree/agents.ts";
import { dropInstances, loadAgents } from "../../../client/tree/load.ts";
import { createModel } from "../../../client/tree/model.ts";
import { roots } from "../../../client/tree/nodes.ts";
import { agent, instance } from "./events.ts";

const FOLDER = "file:///bill";

const shown = () => {
  const model = createModel();
  const tree = agentsTree(model, {
    t: (message, ...args) => message.replace(/\{(\d)\}/g, (_, index: string) => String(args[Number(index)])),
  });
  const rows = () =>
    tree.children(null).flatMap((type) => [tree.item(type), ...tree.children(type).map(tree.item)]);
  return { model, texts: () => rows().map((row) => row?.description) };
};
const load = ({ model }: ReturnType<typeof shown>, ...instances: Parameters<typeof instance>[]) => {
  const records = instances.map((values) => instance(...values));
  loadAgents(model, FOLDER, [agent], records, () => undefined);
};

describe("rows of instances", () => {
  it("go with their runtime, and the next runtime lists its own", () => {
    const view = shown();
    load(view, [1, "Working", 40], [2, "Idle", 0]);
    assert.equal(view.texts()[0], "2 instances, 1 working");
    assert.equal(view.texts().length, 3);
    const touched: string[] = [];
    dropInstances(view.model, (node) => touched.push(node));
    assert.deepEqual([view.texts(), touched], [["no instance"], [roots.agents]]);
    load(view, [3, "Idle", 0]);
    assert.equal(view.texts()[0], "1 instance");
    assert.equal(view.texts().length, 2);
  });

  it("go when the runtime no longer lists them", () => {
    const view = shown();
    load(view, [1, "Working", 40], [2, "Idle", 0]);
    load(view, [2, "Idle", 0]);
    assert.equal(view.texts()[0], "1 instance");
    assert.deepEqual([...view.model.instances.keys()], [instance(2, "Idle", 0).instance_id]);
  });
});
