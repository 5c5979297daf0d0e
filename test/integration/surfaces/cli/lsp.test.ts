import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "mocha";
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { cleanEnvironment } from "../../../support/command.ts";
import { commandLine } from "../../../support/product.ts";

describe("coditect lsp --stdio", () => {
  it("serves a client that knows nothing of CODITECT, and ends with it", async () => {
    const command = [commandLine, "lsp", "--stdio"];
    const child = spawn(process.execPath, command, {
      env: cleanEnvironment({}),
      stdio: ["pipe", "pipe", "ignore"],
    });
    const exited = once(child, "exit");
    const client = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    client.listen();
    const answer = await client.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
    });
    assert.ok(answer !== null && typeof answer === "object" && "capabilities" in answer);
    await client.sendRequest("shutdown");
    await client.sendNotification("exit");
    assert.deepEqual(await exited, [0, null]);
    client.dispose();
  });
});
