import { byNames } from "../../schemas/test-layout.ts";
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "mocha";
import type { FileChange } from "../../schemas/changes.ts";
import type { WriteAccess } from "../../schemas/gates.ts";
import { checkRights } from "../../server/executions/rights.ts";
import { createDockerDriver } from "../../server/instances/drivers/docker/driver.ts";
import type { Driver } from "../../server/instances/drivers/driver.ts";
import { probeSandbox } from "../../server/instances/drivers/local/confinement.ts";
import { builtWorker } from "../support/product.ts";
import { dockerEngine } from "../docker-engine.ts";
import { pools } from "../integration/instances/conformance.ts";
import { command, localDriver, never, type PoolUnderTest } from "../integration/instances/pool-harness.ts";
import { rejectsWith } from "../support/rejects.ts";
import { startCommand } from "../support/command.ts";
import { skipUnlessNull } from "../support/skip.ts";
import { testWorkspace } from "../support/workspace.ts";

const sandbox = await probeSandbox();
const nothing = { overlays: [], changes: [] };

/** A frame of the worker protocol that would answer anything the runtime has asked. */
const forged = `const m=JSON.stringify({jsonrpc:"2.0",method:"tool/started",params:{}});
const frame="Content-Length: "+m.length+"\\r\\n\\r\\n"+m;`;

/** What code under test tries against the worker that runs it; each prints what it reached. */
const attacks: readonly [name: string, code: string][] = [
  [
    "write to the protocol's pipe",
    `${forged}for(const p of pids)for(const d of [0,1,2])tell(p+" fd "+d,()=>fs.closeSync(fs.openSync("/proc/"+p+"/fd/"+d,"a")))`,
  ],
  [
    "open its memory",
    `for(const p of pids)tell(p+" mem",()=>fs.closeSync(fs.openSync("/proc/"+p+"/mem","r+")))`,
  ],
  [
    "read its environment",
    `for(const p of pids)tell(p+" environ",()=>fs.readFileSync("/proc/"+p+"/environ"))`,
  ],
];

/**
 * The worker, found by going up from the command, and the first process of the sandbox. That of a container
 * is a shell which has closed its streams: its memory holds nothing.
 */
const script = (code: string, hasFirst: boolean): string => `
const fs=require("fs");
const parentOf=(p)=>Number(/^PPid:\\s+(\\d+)/m.exec(fs.readFileSync("/proc/"+p+"/status","utf8"))[1]);
const pids=[];
for(let p=parentOf(process.pid);p>0;p=parentOf(p)){
  if(!/worker/.test(fs.readFileSync("/proc/"+p+"/cmdline","utf8")))continue;
  pids.push(p);
  break;
}
if(${hasFirst})pids.push(1);
const tell=(what,work)=>{try{work();console.log("REACHED "+what)}catch(e){console.log("closed "+what+" "+e.code)}};
${code}
`;

/** Where instances run, and why not here. */
const places: readonly [place: string, driver: () => Driver, missing: string | null][] = [
  [
    "Local with bubblewrap",
    () => localDriver({ entry: builtWorker() }),
    "unavailable" in sandbox ? sandbox.unavailable : null,
  ],
  [
    "Local with bubblewrap that does not nest",
    () => localDriver({ entry: builtWorker(), sandbox: { ...sandbox, nests: false } }),
    "unavailable" in sandbox ? sandbox.unavailable : null,
  ],
  ["Local without a sandbox", () => localDriver({ entry: builtWorker(), sandbox: false }), null],
  [
    "Docker",
    () => createDockerDriver({ entry: builtWorker(), stateFolder: import.meta.filename }),
    await dockerEngine(),
  ],
];

for (const [place, driver, missing] of places)
  describe(`code under test, ${place}`, function () {
    this.timeout(30_000);
    skipUnlessNull(this, process.platform === "linux" ? missing : "it is about /proc");
    const start = pools(driver);

    const attack = async (pool: PoolUnderTest, code: string): Promise<string> => {
      await writeFile(join(pool.workspace, "attack.cjs"), code);
      const instance = await pool.claim();
      await instance.call("workspace/prepare", nothing, never);
      const { output } = await instance.call("tests/run", command("node attack.cjs"), never);
      await instance.release();
      return output;
    };

    it("cannot open the worker's debugger", async () => {
      const pool = await start();
      const output = await attack(
        pool,
        script(
          `
          for(const p of pids)try{process.kill(p,"SIGUSR1")}catch{}
          const end=Date.now()+300;
          const look=()=>fetch("http://127.0.0.1:9229/json").then(()=>console.log("REACHED the debugger"),()=>Date.now()<end?setTimeout(look,20):console.log("closed"));
          look();`,
          false,
        ),
      );
      assert.match(output, /closed/);
      assert.doesNotMatch(output, /REACHED/);
    });

    // Without a sandbox it is the user's own process, and can do what the user can: docs/security says so.
    if (place === "Local without a sandbox") return;

    // Where each command has namespaces of its own, it finds no process of the worker's: see `processes`.
    const nests = place === "Local with bubblewrap" && "nests" in sandbox && sandbox.nests;
    for (const [name, code] of nests ? [] : attacks)
      it(`cannot ${name}`, async () => {
        const pool = await start();
        const isContainer = place === "Docker";
        const output = await attack(pool, script(code, !isContainer || code.includes("fd")));
        assert.match(output, /closed [2-9]\d* /, output);
        assert.doesNotMatch(output, /REACHED/);
      });

    it("leaves no file and no process that the next run would meet", async () => {
      const pool = await start();
      const instance = await pool.claim();
      await instance.call("workspace/prepare", nothing, never);
      const plant =
        "mkdir -p ~/.config && echo x > ~/.npmrc; echo x > /tmp/planted; setsid sleep 60 >/dev/null 2>&1 < /dev/null & sleep 0.1";
      await instance.call("tests/run", command(plant), never);
      await instance.call("workspace/prepare", nothing, never);
      const look = "ls -A ~ /tmp; grep -l sleep /proc/[0-9]*/comm; true";
      const { output } = await instance.call("tests/run", command(look), never);
      assert.doesNotMatch(output, /npmrc|planted|comm/);
    });

    it("leaves no code that the next run would load", async () => {
      const pool = await start();
      const files = {
        "package.json": JSON.stringify({ name: "app", main: "dist/index.js" }),
        ".gitignore": "dist\nnode_modules\n",
        "dist/index.js": "console.log('built')",
        "src/a.js": "require('pad'); require('app')",
        "node_modules/pad/index.js": "console.log('pad')",
        "node_modules/app/index.js": "require('../../dist/index.js')",
      };
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(pool.workspace, path)), { recursive: true });
        await writeFile(join(pool.workspace, path), content);
      }
      const instance = await pool.claim();
      await instance.call("workspace/prepare", nothing, never);
      const before = await instance.call("tests/run", command("node src/a.js"), never);
      // Content of the same length under the old time of change, and names that tools load by themselves.
      const plant = `
        touch -r dist/index.js ../time; printf "console.log('taken')" > dist/index.js; touch -r ../time dist/index.js
        rm -rf node_modules/pad; mkdir node_modules/pad; echo "console.log('taken')" > node_modules/pad/index.js
        mkdir -p node_modules/.cache ../node_modules/taken src/__pycache__ dist/taken
        for f in node_modules/.cache ../node_modules/taken src/__pycache__ dist/taken; do echo taken > $f/taken; done
        echo taken > conftest.py; echo taken > src/.npmrc`;
      const planted = await instance.call(
        "tests/run",
        command(plant.replace(/\n\s*/g, "; ").slice(2)),
        never,
      );
      assert.equal(planted.exit_code, 0, planted.output);
      await instance.call("workspace/prepare", nothing, never);
      const look =
        "node src/a.js; grep -rl taken . ../node_modules 2>/dev/null; ls conftest.py src/.npmrc 2>/dev/null; true";
      const after = await instance.call("tests/run", command(look), never);
      assert.equal(after.output, before.output);
    });

    it("cannot make a later worker take a planted file for the user's", async () => {
      const pool = await start();
      await writeFile(join(pool.workspace, "kept.txt"), "the user's\n");
      const first = await pool.claim();
      await first.call("workspace/prepare", nothing, never);
      // The manifest says which stamps are good: the planted file's own are put in.
      const forge = `const fs=require("fs");fs.writeFileSync("kept.txt","planted\\n");
        const s=fs.lstatSync("kept.txt");const m=JSON.parse(fs.readFileSync("../manifest.json","utf8"));
        for(const f of m.files)if(f[0]==="kept.txt")f[2]=[s.size,s.mtimeMs,s.ctimeMs,s.ino,s.mode].join(" ");
        fs.writeFileSync("../manifest.json",JSON.stringify(m));`;
      const { exit_code } = await first.call("tests/run", command(`node -e '${forge}'`), never);
      assert.equal(exit_code, 0);
      await first.release();
      await pool.restart();
      const second = await pool.claim();
      await second.call("workspace/prepare", nothing, never);
      const { output } = await second.call("tests/run", command("cat kept.txt"), never);
      assert.equal(output.trim(), "the user's");
      assert.equal(await readFile(join(pool.workspace, "kept.txt"), "utf8"), "the user's\n");
    });
  });

describe("the runtime", function () {
  this.timeout(30_000);
  skipUnlessNull(this, process.platform === "win32" ? "Windows has no such signal" : null);

  it("opens no debugger when it gets the signal for it", async () => {
    const folder = await testWorkspace();
    const { child, result } = startCommand(["serve", "--port", "0", "--json"], { folder: folder.root });
    assert.ok(child.stdout !== null);
    await once(child.stdout, "data");
    child.kill("SIGUSR1");
    child.kill("SIGTERM");
    assert.doesNotMatch((await result).stderr, /debugger/i);
    await folder.remove();
  });
});

describe("what a worker hands back", () => {
  const text = (data: string) => ({ encoding: "utf8" as const, data });
  const change = (path: string, data = "x"): FileChange => ({
    path,
    before: null,
    content: text(data),
    executable: false,
  });
  const check = (
    access: WriteAccess,
    changes: FileChange[],
    given: FileChange[] = [],
    before: string | null = null,
  ) => checkRights({ access, changes, given, layout: byNames, readText: () => Promise.resolve(before) });

  it("passes as far as the stage may write, and with what earlier stages left", async () => {
    const tests = change("test/a.test.ts");
    await check("sources", [tests, change("src/a.ts")], [tests]);
    await check("none", [tests], [tests]);
  });

  for (const [access, path] of [
    ["sources", "test/a.test.ts"],
    ["tests", "src/a.ts"],
    ["documents", "src/a.ts"],
    ["none", "src/a.ts"],
    ["all", ".coditect/agents/coder.json"],
    ["all", ".git/hooks/pre-commit"],
    ["all", ".env"],
    ["all", "GIT~1/hooks/pre-commit"],
    ["all", ".git./config"],
    ["sources", "Test/a.test.js"],
  ] as const)
    it(`is refused with ${path} where the stage may write ${access}`, async () => {
      await rejectsWith(check(access, [change(path)]), "instance_refused");
    });

  it("is refused where the tests of an earlier stage are gone or other than they were", async () => {
    const tests = change("test/a.test.ts");
    await rejectsWith(check("sources", [], [tests]), "instance_refused");
    await rejectsWith(check("sources", [change("test/a.test.ts", "weaker")], [tests]), "instance_refused");
  });

  it("is refused where it changes how tests are run inside an allowed file", async () => {
    const before = JSON.stringify({ scripts: { test: "vitest" } });
    const after = JSON.stringify({ scripts: { test: "true" } });
    await rejectsWith(check("sources", [change("package.json", after)], [], before), "instance_refused");
  });
});
