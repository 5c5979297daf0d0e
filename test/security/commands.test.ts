import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Json } from "../../schemas/primitives.ts";
import { finish, openTree, startWorker, type WorkerUnderTest } from "../integration/worker/runtime-peer.ts";
import { skipUnlessNull } from "../support/skip.ts";

/**
 * Ways around the list of commands an agent may run, as they were published of Claude Code, Cursor, Gemini CLI
 * and others (CVE-2025-54795, CVE-2025-66032, CVE-2026-22708 and the like). There is no shell to read them.
 */
describe("a command of a model that is made to run another program", function () {
  this.timeout(60_000);
  skipUnlessNull(this, process.platform === "win32" ? "the programs are those of a shell" : null);
  let worker: WorkerUnderTest;
  const mark = (): string => join(worker.place, "it-ran");
  before(async () => {
    worker = await startWorker();
    await openTree(worker, { "a.txt": "one\n" });
  });
  after(() => worker.stop());

  const run = async (input: Json) => {
    worker.finished = [];
    await worker.runScript([[["run_command", input]], [finish]], {
      tools: ["run_command", "finish"],
    });
    const outcome = worker.finished[0]?.outcome;
    assert.ok(outcome !== undefined);
    return outcome;
  };

  const commands: readonly ((mark: string) => Json)[] = [
    (it) => ({ command: `node; touch ${it}`, args: [] }),
    (it) => ({ command: `node && touch ${it}`, args: [] }),
    (it) => ({ command: `node -v | touch ${it}`, args: [] }),
    (it) => ({ command: `node -v\ntouch ${it}`, args: [] }),
    (it) => ({ command: `node -v & touch ${it}`, args: [] }),
    (it) => ({ command: `node -v > ${it}`, args: [] }),
    (it) => ({ command: `node -v $(touch ${it})`, args: [] }),
    (it) => ({ command: `node -v \`touch ${it}\``, args: [] }),
    (it) => ({ command: `NODE_OPTIONS=--version touch ${it}`, args: [] }),
    (it) => ({ command: `PATH=/bin touch ${it}`, args: [] }),
    (it) => ({ command: `export X=1; touch ${it}`, args: [] }),
    (it) => ({ command: `env touch ${it}`, args: [] }),
    (it) => ({ command: "env", args: ["touch", it] }),
    (it) => ({ command: "/usr/bin/touch", args: [it] }),
    (it) => ({ command: "../../../../../../usr/bin/touch", args: [it] }),
    (it) => ({ command: "node/../touch", args: [it] }),
    (it) => ({ command: "node\u0000/touch", args: [it] }),
    (it) => ({ command: "sh", args: ["-c", `touch ${it}`] }),
    (it) => ({ command: "node", args: ["--version", `; touch ${it}`] }),
    (it) => ({
      command: "node",
      args: ["--version", `$(touch ${it})`, `\`touch ${it}\``, `\n touch ${it}`],
    }),
    (it) => ({ command: "find", args: [".", "-exec", "touch", it, ";"] }),
    (it) => ({ command: "sed", args: ["-n", `1e touch ${it}`, "a.txt"] }),
    (it) => ({
      command: "git",
      args: ["-c", `core.pager=touch ${it}`, "-p", "status"],
    }),
    (it) => ({
      command: "tar",
      args: ["cf", "/dev/null", "a.txt", "--checkpoint=1", `--checkpoint-action=exec=touch ${it}`],
    }),
    (it) => ({ command: "rg", args: ["--pre", "touch", it, "."] }),
    (it) => ({ command: "man", args: ["-P", `touch ${it}`, "ls"] }),
  ];
  for (const make of commands) {
    const shown = JSON.stringify(make("MARK"));
    it(`runs nothing: ${shown}`, async () => {
      await run(make(mark()));
      assert.equal(existsSync(mark()), false, "another program ran");
    });
  }

  for (const [what, args] of [
    ["a word with a zero byte", ["-e", "1\u0000"]],
    ["words longer than the system takes", ["-e", `/*${"x".repeat(3_000_000)}*/`]],
    ["a lone surrogate", ["-e", "'\ud800'"]],
  ] as const)
    it(`gets an answer, and goes on, for ${what}`, async () => {
      const { content } = await run({ command: "node", args: [...args] });
      assert.ok(content.length < 10_000, content.slice(0, 200));
      assert.doesNotMatch(content, /internal|at .*:\d+:\d+/i);
    });

  it("is given its words as they are written", async () => {
    const words = ["$HOME", "*.txt", "a b", `"quoted"`, "'x'", "a\nb", "\\n"];
    const { content } = await run({
      command: "node",
      args: ["-e", "console.log(JSON.stringify(process.argv.slice(1)))", ...words],
    });
    assert.ok(content.includes(JSON.stringify(words)), content);
  });

  it("leaves no variable for the next one", async () => {
    const print = "console.log(process.env.NODE_OPTIONS + ' ' + process.env.LEFT)";
    await run({
      command: "node",
      args: ["-e", "process.env.LEFT = 'x'; process.env.NODE_OPTIONS = '--version'"],
    });
    assert.match((await run({ command: "node", args: ["-e", print] })).content, /undefined undefined/);
  });
});
