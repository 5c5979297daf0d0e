import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { finish, startWorker } from "./runtime-peer.ts";
import { clear, temporaryFolder, writeTree } from "./tree.ts";

const entry = fileURLToPath(new URL("../../../server/worker/main.ts", import.meta.url));

describe("worker started from its snapshot", () => {
  let place: string;
  let blob: string;
  before(async () => {
    place = temporaryFolder("snapshot");
    const outfile = join(place, "worker.cjs");
    blob = join(place, "worker.blob");
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: "node",
      format: "cjs",
      define: { "import.meta.url": "__moduleUrl", CODITECT_VERSION: JSON.stringify("1.0.0") },
      banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    });
    const made = spawnSync(process.execPath, ["--snapshot-blob", blob, "--build-snapshot", outfile]);
    assert.equal(made.status, 0, made.stderr.toString());
  });
  after(() => {
    clear(place);
  });

  it("does all that a worker does, with the environment and the folders of now", async () => {
    const source = join(place, "source");
    writeTree(source, {
      "package.json": '{"scripts":{"test":"node --test"}}',
      "a.js": "exports.a = 1;\n",
      "a.test.js":
        'require("node:test")("is one", () => require("node:assert").equal(require("./a.js").a, 1));',
    });
    const worker = await startWorker({ LANG: "from.now" }, ["--snapshot-blob", blob]);
    try {
      await worker.initialize(source);
      await worker.call("workspace/prepare", { overlays: [], changes: [] });
      const result = await worker.runScript([
        [["edit_file", { path: "a.js", old_text: "a = 1", new_text: "a = 2" }]],
        [
          ["search", { pattern: "a = \\d", regex: true }],
          ["run_command", { command: "node", args: ["-p", "process.env.LANG"] }],
        ],
        [["run_tests", {}]],
        [finish],
      ]);
      assert.equal(result.outcome, "finished");
      const contents = worker.finished.map(({ outcome }) => outcome.content);
      assert.deepEqual(contents.slice(1, 3), ["a.js:1: exports.a = 2;", "Exit code 0.\nfrom.now"]);
      assert.match(contents[3] ?? "", /^Tests fail: 0 passed, 1 failed/);
      assert.equal(worker.stderr(), "");
    } finally {
      await worker.stop();
    }
    assert.equal(worker.process.exitCode, 0);
  }).timeout(30_000);
});
