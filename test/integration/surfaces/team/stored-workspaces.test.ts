import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Settings } from "../../../../schemas/settings.ts";
import { dayOfCall } from "../../../../server/executions/day-usage.ts";
import { StoredWorkspaces } from "../../../../server/hosting/user-workspace.ts";
import { poolSettings } from "../../../../server/instances/settings.ts";
import { shareOf } from "../../../../server/runtime/tenant-share.ts";
import { builtWorker } from "../../../support/product.ts";
import { startRuntime, type TestRuntime } from "../../../harness.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

const DAY_MS = 86_400_000;

describe("the stored workspaces of a tenant's users", () => {
  const user = ownUserFolder();
  let base: string;
  let tenant: TestRuntime;
  let stored: StoredWorkspaces;
  const never = new AbortController().signal;

  before(async () => {
    base = user.use();
    tenant = await startRuntime({});
    stored = new StoredWorkspaces({ tenant: ofTenant(), shared: tenant.runtime });
  });
  const ofTenant = () => ({
    workspace: tenant.workspace,
    settings: Settings.parse({ durability: "os" }),
    credentials: { keys: () => Promise.resolve([]) },
    worker: builtWorker(),
    log: () => undefined,
  });
  after(async () => {
    await tenant.close();
    await user.restore();
  });

  /** The folder of a workspace, wherever it is below the folder of the server's user. */
  const folderOf = (id: string): string | null => {
    const found = readdirSync(base, { recursive: true, withFileTypes: true }).find(
      (entry) => entry.name === id,
    );
    return found === undefined ? null : join(found.parentPath, found.name);
  };

  it("are removed when nobody has used them for the set number of days, but never while they are open", async () => {
    const [closed, open, recent] = [randomUUID(), randomUUID(), randomUUID()];
    await (await stored.open("ada", closed)).close();
    await (await stored.open("ada", recent)).close();
    const runtime = await stored.open("ada", open);
    for (const id of [closed, open]) {
      const long = new Date(Date.now() - 31 * DAY_MS);
      utimesSync(join(folderOf(id) ?? "", "used"), long, long);
    }
    assert.equal(await stored.removeUnused(30, Date.now()), 1);
    assert.equal(folderOf(closed), null);
    assert.notEqual(folderOf(recent), null);

    // The one that was open works on, and counts from its end.
    const list = () =>
      runtime.dispatch("runs/list", {}, { role: "viewer", surface: "rest" }, never) as Promise<object>;
    assert.deepEqual(Object.keys(await list()).includes("items"), true);
    await runtime.close();
    assert.equal(await stored.removeUnused(30, Date.now()), 0);
    assert.equal(await stored.removeUnused(30, Date.now() + 31 * DAY_MS), 2);
    assert.equal(folderOf(open), null);
  });

  it("are created again after a removal, and nothing remains half removed", async () => {
    const id = randomUUID();
    await (await stored.open("bob", id)).close();
    const ofTenant = dirname(dirname(folderOf(id) ?? ""));
    assert.equal(await stored.removeUnused(30, Date.now() + 31 * DAY_MS), 1);
    assert.deepEqual(
      readdirSync(ofTenant).filter((name) => name.startsWith(".")),
      [],
    );
    const again = await stored.open("bob", id);
    assert.ok(existsSync(folderOf(id) ?? ""));
    await again.close();
  });

  it("count what they used today under an earlier server, even if it was killed", async () => {
    const day = new Date().toISOString().slice(0, 10);
    const [closed, killed] = [randomUUID(), randomUUID()];
    for (const id of [closed, killed]) {
      const runtime = await stored.open("eve", id);
      const call = { agent_id: randomUUID(), tokens: 70, cost_microcents: 5, assumed_microcents: 0 };
      await runtime.store.commit((transaction) => {
        transaction.put("dailyUsage", dayOfCall(runtime.store.tenantId, day, call));
      });
      await runtime.close();
    }
    writeFileSync(join(folderOf(killed) ?? "", "used"), "");
    const settings = Settings.parse({});
    const share = shareOf(settings, poolSettings(settings));
    const { store, audit } = tenant.runtime;
    const next = new StoredWorkspaces({ tenant: ofTenant(), shared: { store, audit, share } });
    const recall = (signal: AbortSignal) =>
      next.recall(Date.now(), (level, message) => assert.fail(`${level}: ${message}`), signal);
    await assert.rejects(recall(AbortSignal.abort()), { code: "cancelled" });
    assert.deepEqual(share.use.taken(day), { tokens: 70, microcents: 5 });
    await recall(never);
    assert.deepEqual(share.use.taken(day), { tokens: 140, microcents: 10 });
  });
});
