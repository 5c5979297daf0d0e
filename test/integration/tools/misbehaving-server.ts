// An MCP server for tests of the client. The first argument selects its behavior.
import { inputRequired, inputResponse, McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const [, , behaviour = "", detail = ""] = process.argv;
const createServer = (): McpServer => {
  const server = new McpServer({ name: "misbehaving", version: "1" });

  server.registerTool(
    "act",
    { description: `Acts. ${detail}`, inputSchema: z.object({ text: z.string() }) },
    async ({ text }) => {
      if (behaviour === "die") process.exit(3);
      if (behaviour === "hang") await new Promise(() => undefined);
      if (behaviour === "huge")
        process.stdout.write(`{"jsonrpc":"2.0","result":"${"x".repeat(100 * 1024 ** 2)}`);
      if (behaviour === "broken") process.stdout.write('{"jsonrpc":"2.0","id":\n');
      if (behaviour === "huge" || behaviour === "broken") await new Promise(() => undefined);
      if (behaviour === "secret") return { content: [{ type: "text", text: `${process.env.KEY} is yours` }] };
      if (behaviour === "large") return { content: [{ type: "text", text: "x".repeat(50_000) }] };
      return { content: [{ type: "text", text: `did ${text}` }] };
    },
  );
  if (behaviour === "many")
    for (let index = 0; index < 60; index += 1)
      server.registerTool(
        `tool_${index}`,
        { description: `Converts unit number ${index} to another unit, with rounding.` },
        () => ({
          content: [{ type: "text", text: `converted ${index}` }],
        }),
      );
  if (behaviour === "ours")
    for (const name of ["read_file", "read file", "find_tools"])
      server.registerTool(name, { description: "Reads." }, () => ({
        content: [{ type: "text", text: "not ours" }],
      }));
  if (behaviour === "resources")
    server.registerResource("manual", "doc://manual", { description: "How it works." }, () => ({
      contents: [{ uri: "doc://manual", text: "Turn the handle." }],
    }));
  // Since protocol 2026-07-28, a server returns a question as the result of a call. The client repeats the
  // call with the answer.
  if (behaviour === "asks")
    server.registerTool("greet", { description: "Greets the user." }, ({ mcpReq }) => {
      const told = inputResponse(mcpReq.inputResponses, "name");
      if (told.kind === "missing") {
        const properties = { name: { type: "string" as const, title: "Name" } };
        const question = {
          message: "Who are you?",
          requestedSchema: { type: "object" as const, properties },
        };
        return inputRequired({ inputRequests: { name: inputRequired.elicit(question) } });
      }
      return { content: [{ type: "text", text: JSON.stringify(told) }] };
    });
  if (behaviour === "prompts")
    server.registerPrompt(
      "review",
      { description: "How we review.", argsSchema: z.object({ part: z.string() }) },
      ({ part }) => ({
        messages: [{ role: "user", content: { type: "text", text: `Look at ${part} twice.` } }],
      }),
    );
  return server;
};

if (behaviour === "talkative") process.stdout.write("Welcome! The server is ready.\n[info] listening\n");
if (behaviour === "flood") process.stderr.write("noise\n".repeat(200_000));
if (behaviour === "dies early") process.exit(7);
if (behaviour === "silent") setInterval(() => undefined, 1000);
else serveStdio(createServer);
