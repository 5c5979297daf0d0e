import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readOtherFile } from "../../../server/tools/other-mcp-files.ts";

const path = ".vscode/mcp.json";
const read = (text: string | Buffer) => readOtherFile("/work", { path, bytes: Buffer.from(text) });
const stdio = (command: string, more: object = {}) => ({
  command,
  args: [],
  env: {},
  sandbox: "on",
  ...more,
});

describe("the MCP servers in a file of another tool", () => {
  it("are read with comments, commas at the end, and a byte order mark", () => {
    const { servers, problems } = read(`\ufeff// by hand
      { "servers": { "one": { "command": "\${workspaceFolder}/one", /* here */ "args": ["\${workspaceFolder}"], }, },
        "mcpServers": { "two": { "type": "http", "url": "https://two.example" },
                        "three": { "type": "streamable-http", "url": "https://three.example" } } }`);
    assert.deepEqual(servers, {
      one: stdio("/work/one", { args: ["/work"] }),
      two: { url: "https://two.example", headers: {} },
      three: { url: "https://three.example", headers: {} },
    });
    assert.deepEqual(problems, []);
  });

  it("may have paths of Windows, numbers as values, and values that are not set", () => {
    const windows = {
      command: "C:\\Programs\\one.exe",
      args: ["C:\\my docs"],
      env: { PORT: 8080, DEBUG: null },
    };
    const { servers } = read(JSON.stringify({ servers: { one: windows } }));
    assert.deepEqual(servers, {
      one: stdio(windows.command, { args: windows.args, env: { PORT: "8080" } }),
    });
  });

  it("are not used if the user turned them off there", () => {
    const off = { command: "one", disabled: true };
    assert.deepEqual(read(JSON.stringify({ mcpServers: { off } })), { servers: {}, problems: [] });
  });

  const leftOut: Readonly<Record<string, [entry: object, why: RegExp]>> = {
    input: [{ command: "one", env: { KEY: "${input:key}" } }, /needs a value for \$\{input:key\}/],
    variable: [{ url: "https://one.example/${TOKEN:-none}" }, /needs a value for \$\{TOKEN:-none\}/],
    file: [{ command: "one", envFile: "${workspaceFolder}/.env" }, /from the file in envFile/],
    folder: [{ command: "one", cwd: "${workspaceFolder}/tools" }, /needs another folder \(cwd\)/],
    old: [{ type: "sse", url: "https://one.example" }, /uses the old SSE transport/],
    another: [{ type: "ws", url: "https://one.example" }, /cannot be used/],
    broken: [{ command: 5 }, /cannot be read: command: must be a text/],
    "two words": [{ command: "one" }, /cannot be used/],
    two__parts: [{ command: "one" }, /cannot be used/],
  };
  for (const [name, [entry, why]] of Object.entries(leftOut))
    it(`are left out alone, with the reason: ${name}`, () => {
      const { servers, problems } = read(
        JSON.stringify({ servers: { [name]: entry, good: { command: "good" } } }),
      );
      assert.deepEqual(servers, { good: stdio("good") });
      const [problem = "", ...more] = problems;
      assert.deepEqual(more, []);
      assert.ok(problem.startsWith(`The MCP server ${name} in ${path} is left out, because it `), problem);
      assert.match(problem, why);
    });

  it("are left out together if the file cannot be read", () => {
    for (const text of ["no JSON", "", "[".repeat(100_000), Buffer.from('{"servers":{}}', "utf16le")]) {
      const { servers, problems } = read(text);
      assert.deepEqual(servers, {});
      assert.deepEqual(problems, [`The MCP servers in ${path} are left out, because the file is not JSON.`]);
    }
  });

  it("are none in a file that lists none", () => {
    for (const text of ["[]", "{}", "null", '{"servers":[]}']) assert.deepEqual(read(text).servers, {});
  });
});
