import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { treeParts } from "../../server/workspace/tree.ts";
import { createHiddenFinder } from "../../server/instances/drivers/hidden.ts";
import { probeSandbox } from "../../server/instances/drivers/local/confinement.ts";
import { hidingArguments } from "../../server/instances/drivers/local/hiding.ts";
import { createSlots } from "../../server/instances/slots.ts";
import { builtWorker } from "../support/product.ts";
import { builtInRule } from "../../server/workspace/ignore.ts";
import { pools } from "../integration/instances/conformance.ts";
import { command, localDriver, never } from "../integration/instances/pool-harness.ts";
import { runGit } from "../support/git.ts";
import { rejectsWith } from "../support/rejects.ts";
import { skipUnlessNull } from "../support/skip.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

const sandbox = await probeSandbox();

const secrets = [
  ".env.production",
  "config/master.key",
  "id_ed25519",
  ".docker/config.json",
  "dot/docker/config.json",
  ".config/gh/hosts.yml",
  ".vault-token",
  "infra/prod.tfstate",
  "infra/prod.tfstate.backup",
  "infra/prod.tfvars",
  "secrets.yml",
  "k8s/secrets.yaml",
  "config/secrets.prod.yaml",
  "secret.json",
  ".cargo/credentials.toml",
  ".m2/settings.xml",
  ".gradle/gradle.properties",
  ".terraform.d/credentials.tfrc.json",
  ".composer/auth.json",
  "kubeconfig",
  "service-account.json",
  ".bash_history",
  "release.keystore",
  ".NPMRC",
  ".npmrc.bak",
  "keys/server.key.old",
  ".pgpass~",
  "_netrc",
  ".dev.vars",
  "local.settings.json",
  "config/app-firebase-adminsdk-x1.json",
  ".config/containers/auth.json",
];
const ordinary = [
  "src/secrets.ts",
  "config.json",
  "docker/readme.md",
  "hosts.yml",
  "settings.xml",
  "docs/secrets.md",
  "src/keys.ts.bak",
  "containers/list.json",
];

describe("the built-in list of secrets", () => {
  for (const path of secrets)
    it(`has ${path}`, () => {
      assert.notEqual(builtInRule(path, false), null);
    });
  for (const path of ordinary)
    it(`leaves ${path} open`, () => {
      assert.equal(builtInRule(path, false), null);
    });
});

describe("what a worker sees of the workspace", () => {
  let workspace: TestWorkspace;
  beforeEach(async () => {
    workspace = await testWorkspace({
      ".gitignore": "private/\n*.log\n.venv\nnode_modules\n",
      "src/a.ts": "open",
      "debug.log": "ignored",
      "private/notes.txt": "ignored",
      "private/deep/.env": "secret",
      "node_modules/pad/index.js": "open",
      ".venv/pyvenv.cfg": "home = /usr/bin\n",
      ".venv/bin/python": "",
    });
    await runGit(workspace.root, "init", "-q");
    await runGit(workspace.root, "add", "src");
    await workspace.write(".git/credentials", "https://user:token@example.org");
  });
  afterEach(() => workspace.remove());
  const hidden = async (): Promise<string[]> =>
    (await createHiddenFinder()(workspace.root))
      .map(({ path }) => path.slice(workspace.root.length + 1))
      .toSorted();

  it("is without what is ignored, whatever is in it, and without the repository's inside", async () => {
    const found = await hidden();
    for (const path of [
      "debug.log",
      "private",
      ".git/config",
      ".git/credentials",
      ".git/hooks",
      ".git/objects",
    ])
      assert.ok(found.includes(path), `${path} in ${found.join()}`);
  });

  it("has the dependencies, the files of the copy, and what the ignore rules are made of", async () => {
    const found = await hidden();
    for (const path of ["src", "node_modules", ".venv", ".git/index", ".git/info"])
      assert.ok(
        !found.some((each) => each === path || path.startsWith(`${each}/`)),
        `${path} in ${found.join()}`,
      );
  });

  it("has what a package's entries lead to and git ignores, without the secrets in it", async () => {
    await workspace.write(".gitignore", "dist/\nout/\n");
    await workspace.write("packages/core/package.json", '{"name":"core","exports":"./dist/index.js"}');
    for (const path of ["dist/index.js", "dist/.env", "out/index.js"])
      await workspace.write(`packages/core/${path}`, "built");
    const found = await hidden();
    assert.deepEqual(
      found.filter((path) => path.startsWith("packages/")),
      ["packages/core/dist/.env", "packages/core/out"],
    );
    const sent = [...treeParts(workspace.root, [])].flatMap((part) => [...part.entries()].flat());
    const core = join(workspace.root, "packages/core");
    assert.deepEqual(
      sent.filter(({ path, type }) => type === "file" && path.startsWith(`${core}/`)).map(({ path }) => path),
      [join(core, "package.json"), join(core, "dist/index.js")],
    );
  });
});

describe("a command in the sandbox", function () {
  this.timeout(30_000);
  skipUnlessNull(this, "unavailable" in sandbox ? sandbox.unavailable : null);
  const start = pools(() => localDriver({ entry: builtWorker() }));

  it("reads no ignored file of the workspace, by whatever path", async () => {
    const pool = await start();
    const { workspace } = pool;
    await mkdir(join(workspace, "private/deep"), { recursive: true });
    await runGit(workspace, "init", "-q");
    await writeFile(join(workspace, ".gitignore"), "private/\nlocal.txt\n");
    for (const path of ["private/deep/.env", "local.txt", ".git/credentials", "open.txt"])
      await writeFile(join(workspace, path), `content of ${path}`);
    const instance = await pool.claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const look = `cat open.txt; cat '${workspace}/private/deep/.env' '${workspace}/local.txt' '${workspace}/.git/credentials'; true`;
    const { output } = await instance.call("tests/run", command(look), never);
    assert.match(output, /content of open\.txt/);
    assert.doesNotMatch(output, /content of (private|local|\.git)/);
  });

  it("cannot reach a program that listens in the workspace", async () => {
    const pool = await start();
    const { workspace } = pool;
    const socket = join(workspace, "control.sock");
    const server = createServer((connection) => connection.end("reached")).listen(socket);
    await once(server, "listening");
    execFileSync("mkfifo", [join(workspace, "orders")]);
    await writeFile(
      join(workspace, "reach.js"),
      `require("net").connect("${socket}").on("data", (data) => console.log(String(data))).on("error", () => console.log("closed"));`,
    );
    const instance = await pool.claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const reach = `node reach.js; test -p '${workspace}/orders' && echo "a pipe"; true`;
    const { output } = await instance.call("tests/run", command(reach), never);
    assert.equal(output.trim(), "closed");
    server.close();
  });

  it("does not see a secret that was made after its instance had started", async () => {
    const pool = await start();
    const first = await pool.claim();
    await first.call("workspace/prepare", { overlays: [], changes: [] }, never);
    await first.release();
    await writeFile(join(pool.workspace, ".env"), "content of .env");
    const second = await pool.claim();
    await second.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const { output } = await second.call("tests/run", command(`cat '${pool.workspace}/.env'; true`), never);
    assert.doesNotMatch(output, /content of/);
  });

  it("sees none of thousands of ignored files, and all that stands beside them", async () => {
    const pool = await start();
    const folder = join(pool.workspace, "data");
    await mkdir(join(folder, "kept"), { recursive: true });
    await writeFile(join(pool.workspace, ".gitignore"), "*.csv\n");
    await runGit(pool.workspace, "init", "-q");
    await Promise.all(
      Array.from({ length: 2500 }, (_, index) => writeFile(join(folder, `${index}.csv`), "content")),
    );
    for (const name of ["kept/a.txt", "kept/b.csv", "c.txt"])
      await writeFile(join(folder, name), "content\n");
    const instance = await pool.claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const look = `cd '${folder}' && grep -rl content . 2>/dev/null | sort; cd - >/dev/null; ls data data/kept`;
    const { output } = await instance.call("tests/run", command(look), never);
    assert.deepEqual(output.trim().split(/\s+/), [
      ...["./c.txt", "./kept/a.txt"],
      ...["data:", "c.txt", "kept", "data/kept:", "a.txt"],
    ]);
  });

  it("is not started where what is to be hidden is more than can be", () => {
    const scattered = Array.from({ length: 2001 }, (_, index) => ({
      path: `/nowhere/${index}/key.pem`,
      isFolder: false,
    }));
    assert.throws(() => hidingArguments(scattered), { code: "too_many_hidden" });
    const derived = scattered.map(({ path }) => ({ path: `${path}yc`.replace("pem", "p"), isFolder: false }));
    assert.deepEqual(hidingArguments(derived), []);
  });
});

describe("files of ours, with the widest umask", () => {
  let place: TestWorkspace;
  let mask: number;
  before(async () => {
    place = await testWorkspace();
    mask = process.umask(0);
  });
  after(async () => {
    process.umask(mask);
    await place.remove();
  });

  it("close private copies to other users, also in a folder that was open", async () => {
    const copies = join(place.root, "copies");
    await mkdir(copies, { mode: 0o777 });
    const slot = await createSlots(copies, "owner", 1).take("/workspace", "Local");
    for (const folder of [copies, slot.copy, dirname(slot.copy)])
      assert.equal((await stat(folder)).mode & 0o077, 0, folder);
  });

  it("take no folder of copies that is a link", async () => {
    const elsewhere = await testWorkspace();
    await symlink(elsewhere.root, join(place.root, "linked"));
    await rejectsWith(
      createSlots(join(place.root, "linked"), "owner", 1).take("/workspace", "Local"),
      "folder_not_private",
    );
    assert.deepEqual(await elsewhere.list(), []);
    await elsewhere.remove();
  });

  it("close the state, its files and the key of the user", async () => {
    const { claimStateFolder } = await import("../../server/hosting/state-stamp.ts");
    const { ownUserFolder } = await import("../support/user-folder.ts");
    const user = ownUserFolder();
    const home = user.use();
    const state = join(place.root, ".coditect/state");
    claimStateFolder(state, place.root);
    for (const path of [
      state,
      join(state, "stamp"),
      join(home, "coditect-agents"),
      join(home, "coditect-agents/stamp.key"),
    ])
      assert.equal((await stat(path)).mode & 0o077, 0, path);
    assert.ok((await readFile(join(state, "stamp"), "utf8")).length > 0);
    await user.restore();
  });
});
