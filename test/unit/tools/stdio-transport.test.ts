import assert from "node:assert/strict";
import { z } from "zod";
import { StdioTransport } from "../../../server/tools/stdio-transport.ts";

/** Processes that a server started and left running. */
const Left = z.object({ method: z.literal("left"), params: z.object({ pid: z.int() }) });

/**
 * A server that runs the script, after its connection ended. Ends the processes of which the server says that it left
 * them. `close`: whether we close it; `tells`: after it said that.
 */
const ended = async (script: string, close = false, tells = false): Promise<StdioTransport> => {
  const transport = new StdioTransport({
    ...{ command: process.execPath, args: ["-e", script], env: {}, folder: process.cwd() },
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  transport.onclose = () => {
    resolve(undefined);
  };
  const pids: number[] = [];
  const told = Promise.withResolvers<undefined>();
  transport.onmessage = (message) => {
    pids.push(Left.parse(message).params.pid);
    told.resolve(undefined);
  };
  await transport.start();
  if (tells) await told.promise;
  if (close) await transport.close();
  await promise;
  for (const pid of pids) process.kill(pid);
  return transport;
};

describe("a server on its standard streams", () => {
  it("has left only if it exited by itself", async () => {
    const left = await ended("process.exit(3)");
    assert.deepEqual([left.hasLeft, left.problem], [true, "it ended with exit code 3 before it answered"]);
    const killed = await ended("process.kill(process.pid, 'SIGTERM'); setInterval(() => 0, 1000)");
    assert.deepEqual([killed.hasLeft, killed.problem], [true, "it was ended by SIGTERM before it answered"]);
    // Stopped by us: another protocol would not help.
    const broken = await ended("console.log('{\"jsonrpc\":'); setInterval(() => 0, 1000)");
    assert.deepEqual([broken.hasLeft, broken.problem], [false, "it sent a message that is not valid JSON"]);
    const closed = await ended("process.stdin.resume()", true);
    assert.deepEqual([closed.hasLeft, closed.problem], [false, null]);
  });

  it("has ended if a process that it left behind holds its streams open", async function () {
    if (process.platform === "win32") this.skip();
    const tell = `
      const left = require("child_process").spawn("sleep", ["600"], { detached: true, stdio: "inherit" });
      left.unref();
      console.log(JSON.stringify({ jsonrpc: "2.0", method: "left", params: { pid: left.pid } }));`;
    const left = await ended(`${tell} process.exitCode = 3`);
    assert.equal(left.problem, "it ended with exit code 3 before it answered");
    const closed = await ended(`${tell} process.stdin.resume()`, true, true);
    assert.deepEqual([closed.hasLeft, closed.problem], [false, null]);
  });
});
