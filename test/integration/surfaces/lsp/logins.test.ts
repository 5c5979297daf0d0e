import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { keepingSecrets, PageToOpen, SecretName, SecretToStore } from "../../../../schemas/kept-secrets.ts";
import { openCredentialFile } from "../../../../server/gateway/credential-file.ts";
import { type TestEditor, testEditor } from "../../../support/editor.ts";
import { startOAuthServer, type OAuthServer } from "../../../support/oauth-server.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { languageServer } from "../../../support/product.ts";

describe("a login to an MCP server from an editor", () => {
  let files: TestWorkspace;
  let server: ChildProcess;
  let editor: TestEditor;
  let service: OAuthServer;
  let environment: NodeJS.ProcessEnv;
  let configuration: string;
  const kept = new Map<string, string>();

  beforeEach(async () => {
    kept.clear();
    service = await startOAuthServer();
    const mcpServers = { tracker: { url: service.url, oauth: {} } };
    files = await testWorkspace({ ".coditect/mcp.json": JSON.stringify({ mcpServers }) });
    configuration = mkdtempSync(join(tmpdir(), "coditect-configuration-"));
    environment = { ...process.env, XDG_CONFIG_HOME: configuration, CODITECT_PASSPHRASE: "of the test" };
    const child = spawn(process.execPath, [languageServer, "--stdio"], {
      env: environment,
      stdio: ["pipe", "pipe", "ignore"],
    });
    server = child;
    editor = testEditor(
      files.root,
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
      {
        [keepingSecrets.read]: (asked) => ({ text: kept.get(SecretName.parse(asked).name) ?? null }),
        [keepingSecrets.store]: (asked) => {
          const { name, text } = SecretToStore.parse(asked);
          if (text === null) kept.delete(name);
          else kept.set(name, text);
          return {};
        },
        [keepingSecrets.openPage]: async (asked: unknown) => ({
          opened: (await fetch(PageToOpen.parse(asked).url)).ok,
        }),
      },
    );
  });
  afterEach(async () => {
    server.kill("SIGKILL");
    service.close();
    rmSync(configuration, { recursive: true, force: true });
    await files.remove();
  });

  const call = (method: string, params = {}): Promise<unknown> =>
    editor.connection.sendRequest(`coditect/${method}`, params);
  const initialize = (keeps_secrets: boolean) =>
    editor.initialize({
      initializationOptions: { keeps_secrets, settings: { runtime: { allowed_hosts: [service.host] } } },
    });

  it("opens the page in the editor, and keeps the tokens only in its secret storage", async () => {
    await initialize(true);
    await call("mcp/logIn", { server: "tracker" });
    assert.deepEqual([...kept.keys()], [`mcp:${service.url}`]);
    assert.match([...kept.values()][0] ?? "", /"access_token":"access-/);
    assert.deepEqual(await call("mcp/logins"), {
      items: [{ server: "tracker", url: service.url, logged_in: true }],
    });
    const [asked] = editor.received(keepingSecrets.openPage);
    assert.equal(PageToOpen.parse(asked).server, "tracker");
    await call("mcp/logOut", { server: "tracker" });
    assert.equal(kept.size, 0);
  });

  it("is removed from the file of the command line, too", async () => {
    const stored = openCredentialFile(environment, () => Promise.resolve(null));
    const name = `mcp:${service.url}`;
    await stored.setText(name, "{}");
    await initialize(true);
    await call("mcp/logOut", { server: "tracker" });
    assert.equal(await stored.text(name), null);
  });

  it("fails with the reason if the editor does not open pages", async () => {
    await initialize(false);
    await assert.rejects(
      call("mcp/logIn", { server: "tracker" }),
      /no editor is connected that can open the login page/,
    );
    assert.deepEqual(editor.received(keepingSecrets.openPage), []);
  });
});
