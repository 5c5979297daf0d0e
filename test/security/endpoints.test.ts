import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { Settings } from "../../schemas/settings.ts";
import { attach } from "../../server/hosting/attach.ts";
import { endpointFile, publishEndpoint, readEndpoint } from "../../server/hosting/endpoints.ts";
import { openRuntime, type FolderRuntime } from "../../server/hosting/open-runtime.ts";
import { serveRest } from "../../server/surfaces/rest/rest.ts";
import { adoptStateFolder, claimStateFolder } from "../../server/hosting/state-stamp.ts";
import { openConsents } from "../../server/platform/consents.ts";
import { builtWorker } from "../support/product.ts";
import { userCode } from "../../server/platform/user-key.ts";
import { privateFolder } from "../../server/platform/user-folder.ts";
import { runGit } from "../support/git.ts";
import { rejectsWith, throwsWith } from "../support/rejects.ts";
import { ownUserFolder } from "../support/user-folder.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

/** A program that answers whatever it is asked, and notes it. */
const listener = async (): Promise<{ server: Server; url: string; asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url ?? ""} ${request.headers.authorization ?? ""}`.trim());
    response.writeHead(200, { "content-type": "application/json" }).end('{"proof":"none"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return { server, url: `http://127.0.0.1:${address.port}`, asked };
};

const processOne = { pid: 1, process_start: "", started_at: "2026-01-01T00:00:00.000Z", epoch: 1 };

describe("where a runtime is reached", function () {
  this.timeout(20_000);
  const user = ownUserFolder();
  let workspace: TestWorkspace;
  let state: string;
  const opened: FolderRuntime[] = [];
  before(() => user.use());
  after(() => user.restore());
  beforeEach(async () => {
    workspace = await testWorkspace({ "a.ts": "export const a = 1;\n" });
    state = join(workspace.root, ".coditect/state");
  });
  afterEach(async () => {
    for (const runtime of opened.splice(0)) await runtime.close();
    await workspace.remove();
  });

  const open = async (): Promise<FolderRuntime> => {
    const runtime = await openRuntime(
      {
        workspace: workspace.root,
        stateFolder: state,
        settings: Settings.parse({}),
        credentials: { keys: () => Promise.resolve([]) },
        worker: builtWorker(),
        log: () => undefined,
      },
      { openSurface: serveRest, version: "1.2.3" },
    );
    opened.push(runtime);
    return runtime;
  };

  it("is not read from a lock that the repository brings along", async () => {
    const foreign = await listener();
    const lock = { ...processOne, endpoint: { url: foreign.url, token: "t".repeat(43) } };
    await workspace.write(".coditect/state/lock", JSON.stringify(lock));
    await rejectsWith(open(), "state_foreign");
    assert.deepEqual(foreign.asked, []);
    foreign.server.close();
  });

  it("is outside the workspace, and nobody else can read it", async () => {
    await open();
    const file = endpointFile(state);
    assert.ok(!file.startsWith(workspace.root));
    assert.equal((await stat(file)).mode & 0o077, 0);
    assert.equal((await stat(join(file, ".."))).mode & 0o077, 0);
    const lock = await readFile(join(state, "lock"), "utf8");
    assert.doesNotMatch(lock, /token|http/);
  });

  it("is on loopback alone", async () => {
    await mkdir(state, { recursive: true });
    for (const url of [
      "http://192.0.2.1:80",
      "http://localhost.example:80",
      "https://127.0.0.1:1",
      "file:///x",
    ]) {
      publishEndpoint(state, { url, token: "t".repeat(43) });
      assert.equal(readEndpoint(state, process.pid), null, url);
    }
  });

  it("gets no token and no data before it has proved that it has the token", async () => {
    const impostor = await listener();
    await rejectsWith(
      attach({ url: impostor.url, token: "the-token-of-the-runtime-that-is-gone-00000" }),
      "runtime_gone",
    );
    assert.equal(impostor.asked.length, 1);
    assert.doesNotMatch(impostor.asked.join(), /the-token/);
    impostor.server.close();
  });

  it("answers a challenge with a proof for its own port only", async () => {
    await open();
    const endpoint = readEndpoint(state, process.pid);
    assert.ok(endpoint);
    // A relay on another port passes the challenge on, and the owner's answer back.
    const relay = createServer((request, response) => {
      void fetch(`${endpoint.url}${request.url ?? ""}`).then(async (answer) => {
        response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
      });
    }).listen(0, "127.0.0.1");
    await once(relay, "listening");
    const address = relay.address();
    assert.ok(address !== null && typeof address === "object");
    await rejectsWith(
      attach({ url: `http://127.0.0.1:${address.port}`, token: endpoint.token }),
      "runtime_gone",
    );
    relay.close();
    const connection = await attach(endpoint);
    await connection.close();
  });

  it("is shared by two processes' worth of callers, and keys stay with the caller", async () => {
    await open();
    const second = await open();
    assert.ok(second.lost);
    const endpoint = readEndpoint(state, process.pid);
    assert.ok(endpoint);
    const caller = { role: "admin", surface: "editor" } as const;
    const { signal } = new AbortController();
    await second.dispatch("credentials/set", { provider: "Claude", keys: ["a-key"] }, caller, signal);
    const answer = await fetch(`${endpoint.url}/api/credentials/Claude`, {
      method: "PUT",
      headers: { authorization: `Bearer ${endpoint.token}`, "content-type": "application/json" },
      body: '{"keys":["a-key"]}',
    });
    assert.equal(answer.status, 404);
  });
});

describe("a state folder", function () {
  this.timeout(20_000);
  const user = ownUserFolder();
  let workspace: TestWorkspace;
  let state: string;
  before(() => user.use());
  after(() => user.restore());
  beforeEach(async () => {
    workspace = await testWorkspace();
    state = join(workspace.root, ".coditect/state");
  });
  afterEach(() => workspace.remove());
  const claim = (): void => {
    claimStateFolder(state, workspace.root);
  };

  it("is used again by the user who made it, also after the workspace was moved", async () => {
    claim();
    await workspace.write(".coditect/state/state.json", "{}");
    claim();
    const { rename } = await import("node:fs/promises");
    const moved = `${workspace.root}-moved`;
    await rename(workspace.root, moved);
    claimStateFolder(join(moved, ".coditect/state"), moved);
    await rename(moved, workspace.root);
  });

  for (const name of ["state.json", "journal.000001.log", "transcripts/x.jsonl", "lock", "objects/00"])
    it(`is refused with a committed ${name}`, async () => {
      await workspace.write(`.coditect/state/${name}`, "{}");
      throwsWith(claim, "state_foreign");
    });

  it("is refused as a copy at another place, with the stamp of the first", async () => {
    claim();
    const other = await testWorkspace({
      ".coditect/state/stamp": await workspace.read(".coditect/state/stamp"),
      ".coditect/state/state.json": "{}",
    });
    throwsWith(() => {
      claimStateFolder(join(other.root, ".coditect/state"), other.root);
    }, "state_foreign");
    await other.remove();
  });

  it("is refused with another user's stamp", async () => {
    claim();
    await workspace.write(".coditect/state/state.json", "{}");
    const other = ownUserFolder();
    other.use();
    throwsWith(claim, "state_foreign");
    await other.restore();
  });

  it("is used again by the same user with another home folder, and is theirs from both", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "home-"));
    const first = process.env.XDG_CONFIG_HOME;
    const before = process.env.TMPDIR;
    // Where the home folder cannot be written, the key is in the temporary folder.
    process.env.TMPDIR = temporary;
    process.env.XDG_CONFIG_HOME = "/dev/null";
    claim();
    await workspace.write(".coditect/state/state.json", "{}");
    process.env.XDG_CONFIG_HOME = first;
    claim();
    await rm(temporary, { recursive: true });
    claim();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });

  it("is refused where a link leads there, also for its stamp", async () => {
    const elsewhere = await testWorkspace();
    await mkdir(join(workspace.root, ".coditect"));
    await symlink(elsewhere.root, state);
    throwsWith(claim, "state_foreign");
    throwsWith(() => {
      adoptStateFolder(state, workspace.root);
    }, "state_foreign");
    assert.deepEqual(await elsewhere.list(), []);
    await elsewhere.remove();
  });

  it("is refused once git has its files, which a pull puts in place of ignored ones", async () => {
    claim();
    await runGit(workspace.root, "init", "-q");
    await workspace.write(".coditect/state/journal.000001.log", "theirs");
    await runGit(workspace.root, "add", "-f", ".coditect/state/journal.000001.log");
    throwsWith(claim, "state_foreign");
    await runGit(workspace.root, "update-index", "--index-version", "4");
    throwsWith(claim, "state_foreign");
  });

  it("is taken over when the user says so", async () => {
    await workspace.write(".coditect/state/state.json", "{}");
    await workspace.write(".coditect/state/lock", JSON.stringify(processOne));
    adoptStateFolder(state, workspace.root);
    claim();
    assert.ok(!(await workspace.list()).includes(".coditect/state/lock"));
  });
});

describe("what a user has allowed", () => {
  const user = ownUserFolder();
  let workspace: TestWorkspace;
  before(async () => {
    user.use();
    workspace = await testWorkspace();
  });
  after(async () => {
    await workspace.remove();
    await user.restore();
  });
  const consent = { given_by: "user:cli", created_at: "2026-01-01T00:00:00.000Z" };

  it("is outside the workspace, of this workspace, and of what it was given for", async () => {
    const consents = openConsents(workspace.root);
    assert.equal(consents.has("unconfined"), false);
    consents.give({ name: "unconfined", of: null, ...consent });
    consents.give({ name: "configuration", of: "one", ...consent });
    assert.equal(openConsents(workspace.root).has("unconfined"), true);
    assert.equal(consents.has("configuration", "one"), true);
    assert.equal(consents.has("configuration", "two"), false);
    assert.deepEqual(await workspace.list(), []);
    const other = await testWorkspace();
    assert.equal(openConsents(other.root).has("unconfined"), false);
    await other.remove();
    consents.takeBack("unconfined", null);
    assert.equal(consents.has("unconfined"), false);
  });

  it("and the key of stamps are not read from a file that others could have written", async function () {
    if (process.platform === "win32") this.skip();
    const consents = openConsents(workspace.root);
    consents.give({ name: "unconfined", of: null, ...consent });
    const code = userCode("test", "value");
    const folder = join(user.folder(), "coditect-agents");
    const [file = ""] = await readdir(join(folder, "consents"));
    await chmod(join(folder, "consents", file), 0o666);
    assert.equal(consents.has("unconfined"), false);
    await chmod(join(folder, "stamp.key"), 0o666);
    throwsWith(() => userCode("test", "value"), "folder_not_private");
    await rm(join(folder, "stamp.key"));
    await symlink("/dev/zero", join(folder, "stamp.key"));
    assert.throws(() => userCode("test", "value"));
    await rm(join(folder, "stamp.key"));
    assert.notDeepEqual(userCode("test", "value"), code);
  });
});

describe("a folder of the user's", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace();
  });
  after(() => workspace.remove());

  it("is closed to others when it is used, and is no link", async () => {
    const open = join(workspace.root, "open");
    await mkdir(open, { mode: 0o777 });
    assert.equal((await stat(privateFolder(open))).mode & 0o777, 0o700);
    await symlink(open, join(workspace.root, "link"));
    throwsWith(() => privateFolder(join(workspace.root, "link")), "folder_not_private");
    await writeFile(join(workspace.root, "file"), "");
    assert.throws(() => privateFolder(join(workspace.root, "file")));
  });
});
