import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { listedServers } from "../../../server/tools/allowed-servers.ts";
import { type TestWorkspace, testWorkspace } from "../../support/workspace.ts";

describe("the MCP servers of a workspace", () => {
  let workspace: TestWorkspace;
  beforeEach(async () => {
    workspace = await testWorkspace({});
  });
  afterEach(() => workspace.remove());

  const list = async (text: string) => {
    await workspace.write(".coditect/mcp.json", text);
    return listedServers(workspace.root, []);
  };
  const file = (server: object): string => JSON.stringify({ mcpServers: { it: server } });

  it("are read from a file with a byte order mark and lines of Windows", async () => {
    const text = `\uFEFF${JSON.stringify({ mcpServers: { it: { command: "a" } } }, null, 2)}`;
    assert.deepEqual(Object.keys(await list(text.replaceAll("\n", "\r\n"))), ["it"]);
    await workspace.write(".mcp.json", `\uFEFF// ours\n${file({ command: "b" })}`);
    assert.deepEqual(Object.keys(listedServers(workspace.root, [".mcp.json"])), ["it"]);
  });

  const refused: Readonly<Record<string, [text: string, why: RegExp]>> = {
    "that is not JSON": ["{", /it is not JSON/],
    "with an unknown field": [
      file({ command: "a", alowed: 1 }),
      /mcpServers\.it\.alowed: is not a known field/,
    ],
    "with hosts but no sandbox": [
      file({ command: "a", sandbox: "none", allowed_hosts: ["example.com"] }),
      /allowed_hosts needs the sandbox/,
    ],
    "with an address as a host": [
      file({ command: "a", allowed_hosts: ["https://example.com"] }),
      /allowed_hosts\[0\]: must be a host/,
    ],
    "with a secret for any service": [
      file({ url: "https://example.com", oauth: { client_id: "a", client_secret: "secret:a" } }),
      /client_secret and private_key need client_id and issuer/,
    ],
    "with a login of a client that proves nothing": [
      file({ url: "https://example.com", oauth: { grant: "client_credentials", client_id: "a" } }),
      /client_credentials and jwt_bearer need client_secret or private_key/,
    ],
    "with a login by a grant that no identity provider gives": [
      file({
        url: "https://example.com",
        oauth: {
          ...{ grant: "jwt_bearer", client_id: "a", client_secret: "secret:a" },
          issuer: "https://login.example",
        },
      }),
      /jwt_bearer and identity_provider need each other/,
    ],
  };
  for (const [name, [text, why]] of Object.entries(refused))
    it(`are refused from a file ${name}, with the place`, async () => {
      await assert.rejects(list(text), (error: Error) => why.test(error.message));
    });
});
