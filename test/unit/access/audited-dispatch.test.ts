import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditLog } from "../../../server/access/audit-log.ts";
import type { Caller } from "../../../server/handlers/handlers.ts";
import { testDispatch, type TestDispatch } from "../../support/dispatch.ts";
import { NOW } from "../../support/records.ts";
import { rejectsWith } from "../../support/rejects.ts";
import { ownUserFolder } from "../../support/user-folder.ts";

const { signal } = new AbortController();
const remote = { user: "ada", tokenId: "11111111-1111-4111-8111-111111111111", from: "10.0.0.7" };
const admin: Caller = { role: "admin", surface: "rest", remote };
const viewer: Caller = { role: "viewer", surface: "rest", remote };
const agent = {
  name: "Ada's",
  agent_type: "Coder" as const,
  provider: { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } },
};

describe("calls in the audit log", () => {
  const user = ownUserFolder();
  let folder: string;
  let audit: AuditLog;
  let at: TestDispatch;
  before(() => user.use());
  after(() => user.restore());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-audit-"));
    audit = new AuditLog(folder, () => NOW, "os");
    at = testDispatch("/workspace", { audit });
  });
  afterEach(async () => {
    await audit.close();
    await rm(folder, { recursive: true });
  });
  const recorded = async () =>
    (await audit.read(0, 100)).map(({ seq, at: time, previous, hash, seal, ...entry }) => entry);

  it("are recorded with who, what, which record, from where, and the result", async () => {
    const { agent_id } = await at.dispatch("agents/create", agent, admin, signal);
    assert.deepEqual(await recorded(), [
      {
        user: "ada",
        role: "admin",
        token_id: remote.tokenId,
        surface: "rest",
        from: "10.0.0.7",
        method: "agents/create",
        record: { agent_id, name: "Ada's" },
        result: "ok",
      },
    ]);
  });

  it("are recorded where they were refused or failed, and reads are not", async () => {
    await rejectsWith(at.dispatch("agents/create", agent, viewer, signal), "not_authorised");
    const agent_id = "22222222-2222-4222-8222-222222222222";
    await rejectsWith(at.dispatch("agents/delete", { agent_id }, admin, signal), "not_found");
    await at.dispatch("agents/list", {}, viewer, signal);
    assert.deepEqual(
      (await recorded()).map(({ method, result }) => [method, result]),
      [
        ["agents/create", "not_authorised"],
        ["agents/delete", "not_found"],
      ],
    );
  });

  it("never hold what was sent", async () => {
    await at.dispatch("credentials/set", { provider: "Claude", keys: ["sk-secret"] }, admin, signal);
    const { secret } = await at.dispatch("tokens/create", { user: "bob", role: "viewer" }, admin, signal);
    const text = JSON.stringify(await recorded());
    assert.ok(!text.includes("sk-secret") && !text.includes(secret), text);
    assert.ok(text.includes('"user":"bob"'), text);
  });

  it("are refused to others while nothing can be recorded, and not to the user of the machine", async () => {
    await writeFile(join(folder, "audit.jsonl"), "not an entry\n");
    const local: Caller = { role: "admin", surface: "cli" };
    await at.dispatch("agents/create", agent, local, signal);
    await rejectsWith(at.dispatch("agents/create", agent, admin, signal), "audit_failed");
    await at.dispatch("agents/list", {}, admin, signal);
    assert.equal(at.store.all("agents").length, 1);
  });
});
