import assert from "node:assert/strict";
import fc from "fast-check";
import { nestSettings } from "../../../schemas/nested-settings.ts";
import { flattenSettings, resolveSettings } from "../../../schemas/resolve-settings.ts";
import { settingKeys, settingTable } from "../../../schemas/setting-table.ts";
import { Settings } from "../../../schemas/settings.ts";

const user = (values: object) => ({ origin: "user" as const, values });
const held = (key: string, own: object, workspace: object) =>
  resolveSettings([user(own)], workspace).list.find((each) => each.key === key) ?? assert.fail(key);

describe("the table of settings", () => {
  it("has every setting of the runtime, and nothing else", () => {
    assert.deepEqual([...settingKeys].sort(), Object.keys(flattenSettings(Settings.parse({}))).sort());
  });

  it("nests and flattens without a loss", () => {
    const settings = Settings.parse({});
    assert.deepEqual(nestSettings(flattenSettings(settings)), settings);
  });
});

describe("the settings that hold", () => {
  it("come from the strongest place that says something", () => {
    const { list, settings } = resolveSettings(
      [
        { origin: "environment", values: { context_tokens: 1, min_confidence: 0.1 } },
        user({ context_tokens: 2, min_confidence: 0.2 }),
        { origin: "flag", values: { context_tokens: 3 } },
      ],
      {},
    );
    const origins = Object.fromEntries(list.map(({ key, origin }) => [key, origin]));
    assert.deepEqual([settings.context_tokens, origins.context_tokens], [3, "flag"]);
    assert.deepEqual([settings.min_confidence, origins.min_confidence], [0.2, "user"]);
    assert.equal(origins.lessons, "default");
  });

  it("are tightened by a workspace", () => {
    const key = "limits.cost_per_run";
    assert.partialDeepStrictEqual(held(key, { [key]: 5 }, { [key]: 1 }), { value: 1, origin: "workspace" });
    assert.equal(held("unconfined", { unconfined: "allow" }, { unconfined: "refuse" }).value, "refuse");
    const lists = held("allowed_hosts", { allowed_hosts: ["a:1", "b:2"] }, { allowed_hosts: ["b:2", "c:3"] });
    assert.deepEqual([lists.value, lists.ignored], [["b:2"], ["b:2", "c:3"]]);
  });

  it("are loosened by none: what it asks for in vain is shown", () => {
    const key = "limits.cost_per_run";
    for (const asked of [6, null])
      assert.partialDeepStrictEqual(held(key, { [key]: 5 }, { [key]: asked }), { value: 5, origin: "user" });
    assert.equal(held(key, { [key]: 5 }, { [key]: 6 }).ignored, 6);
    assert.equal(held("auto_apply", {}, { auto_apply: true }).value, false);
    const provider = { Claude: { model: "m", max_tokens: 1 } };
    assert.equal(held("provider", {}, { provider }).origin, "default");
  });

  it("give nobody more than the user does, whatever a workspace says", () => {
    const number = fc.oneof(fc.integer({ min: 64, max: 5000 }), fc.constant(null));
    const shares: ReadonlySet<string> = new Set(["alerts.failure_rate", "alerts.limit_share"]);
    const lower = settingKeys.filter((key) => settingTable[key].workspace === "lower");
    fc.assert(
      fc.property(
        fc.constantFrom(...lower),
        fc.integer({ min: 64, max: 5000 }),
        number,
        (key, own, asked) => {
          const unit = shares.has(key) ? 1 / 5000 : 1;
          const request = asked === null ? null : asked * unit;
          const { value } = held(key, { [key]: own * unit }, { [key]: request });
          assert.ok(typeof value === "number" && value <= own * unit);
        },
      ),
    );
  });
});
