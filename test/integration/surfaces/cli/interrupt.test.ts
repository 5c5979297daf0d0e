import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, it } from "mocha";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { eventsOf, lastOf, runCommand, startCommand } from "../../../support/command.ts";

/** Processes that were told of this folder, on their command line or in their environment. */
const processesOf = (folder: string): string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return `${line} ${readFileSync(`/proc/${pid}/environ`, "utf8")}`.includes(folder)
          ? [`${pid} ${line}`]
          : [];
      } catch {
        return [];
      }
    });

describe("coditect run, interrupted", () => {
  let workspace: string;
  let silent: Server;
  let endpoint: string;
  beforeEach(async () => {
    workspace = await copySample();
    // A model that takes the request and never answers.
    silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    assert.ok(address !== null && typeof address === "object");
    endpoint = `http://127.0.0.1:${address.port}`;
  });
  afterEach(async () => {
    silent.closeAllConnections();
    silent.close();
    await rm(workspace, { recursive: true });
  });

  const start = () => {
    const model = ["--provider", "ollama", "--model", "m", "--endpoint", endpoint];
    return startCommand(["run", "tdd", "src/bill.js", "--task", "x", "--json", ...model], {
      folder: workspace,
    });
  };

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    it(`by ${signal} ends within 5 s with 130, its execution Cancelled, no process left`, async () => {
      const { child, result } = start();
      await once(silent, "request");
      // The model is asked while the worker starts.
      while (processesOf(workspace).length === 0) await nextTurn();
      const interrupted = performance.now();
      child.kill(signal);
      const { exit_code, stdout, stderr } = await result;
      assert.ok(performance.now() - interrupted < 5000);
      assert.equal(exit_code, 130, stderr);
      assert.equal(lastOf(eventsOf(stdout)).status, "Cancelled");
      assert.deepEqual(processesOf(workspace), []);
      const listed = await runCommand(["executions", "list", "--json"], { folder: workspace });
      assert.match(listed.stdout, /"status":"Cancelled"/);
    });

  it("twice ends at once", async () => {
    const { child, result } = start();
    await once(silent, "request");
    child.kill("SIGINT");
    child.kill("SIGINT");
    assert.equal((await result).exit_code, 130);
  });
});
