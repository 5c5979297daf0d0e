import assert from "node:assert/strict";
import { StdioTransport } from "../../../server/tools/stdio-transport.ts";

/** A server that runs the script, after its connection ended. `close`: whether we close it. */
const ended = async (script: string, close = false): Promise<StdioTransport> => {
  const transport = new StdioTransport({
    ...{ command: process.execPath, args: ["-e", script], env: {}, folder: process.cwd() },
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  transport.onclose = () => {
    resolve(undefined);
  };
  await transport.start();
  if (close) await transport.close();
  await promise;
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
});
