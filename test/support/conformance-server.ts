import { completable, fromJsonSchema, type McpServer, ResourceTemplate } from "@modelcontextprotocol/server";
import { z } from "zod";

/** A picture with one red pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** A sound without samples. */
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

const text = (words: string) => ({ type: "text" as const, text: words });
const image = { type: "image" as const, data: PNG, mimeType: "image/png" };
const resource = (uri: string, words: string, mimeType = "text/plain") => ({
  type: "resource" as const,
  resource: { uri, mimeType, text: words },
});

/** Results of the tools that do nothing during the call. */
const results = {
  test_simple_text: [text("This is a simple text response for testing.")],
  test_image_content: [image],
  test_audio_content: [{ type: "audio" as const, data: WAV, mimeType: "audio/wav" }],
  test_embedded_resource: [resource("test://embedded-resource", "This is an embedded resource content.")],
  test_multiple_content_types: [
    text("Multiple content types test:"),
    image,
    resource("test://mixed-content-resource", '{"test":"data","value":123}', "application/json"),
  ],
};

const addTools = (server: McpServer): void => {
  for (const [name, content] of Object.entries(results))
    server.registerTool(name, { description: name }, () => ({ content }));
  server.registerTool("test_error_handling", { description: "Always fails." }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  server.registerTool("test_tool_with_logging", { description: "Logs three lines." }, async ({ mcpReq }) => {
    for (const line of ["Tool execution started", "Tool processing data", "Tool execution completed"])
      await mcpReq.notify({ method: "notifications/message", params: { level: "info", data: line } });
    return { content: [text("The tool logged three lines.")] };
  });
  server.registerTool(
    "test_tool_with_progress",
    { description: "Reports its progress." },
    async ({ mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of progressToken === undefined ? [] : [0, 50, 100])
        await mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken, progress, total: 100 },
        });
      return { content: [text("The tool reported its progress.")] };
    },
  );
  server.registerTool(
    "json_schema_2020_12_tool",
    {
      description: "Tool with JSON Schema 2020-12 features",
      inputSchema: fromJsonSchema({
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        $defs: {
          address: {
            type: "object",
            properties: { street: { type: "string" }, city: { type: "string" } },
          },
        },
        properties: { name: { type: "string" }, address: { $ref: "#/$defs/address" } },
        additionalProperties: false,
      }),
    },
    (input) => ({ content: [text(JSON.stringify(input))] }),
  );
};

type Form = Record<string, object>;
const defaults: Form = {
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
};
const named = ["First", "Second", "Third"].map((title, index) => ({ const: `value${index + 1}`, title }));
const options = ["option1", "option2", "option3"];
const choices: Form = {
  untitledSingle: { type: "string", enum: options },
  titledSingle: { type: "string", oneOf: named },
  legacyEnum: {
    ...{ type: "string", enum: ["opt1", "opt2", "opt3"] },
    enumNames: ["Option One", "Option Two", "Option Three"],
  },
  untitledMulti: { type: "array", items: { type: "string", enum: options } },
  titledMulti: { type: "array", items: { anyOf: named } },
};

/** Tools that ask the client something during the call. */
const addAskingTools = (server: McpServer): void => {
  server.registerTool(
    "test_sampling",
    { description: "Asks the client's model.", inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const { content } = await mcpReq.send({
        method: "sampling/createMessage",
        params: { messages: [{ role: "user", content: text(prompt) }], maxTokens: 100 },
      });
      return { content: [text(`LLM response: ${JSON.stringify(content)}`)] };
    },
  );
  const user: Form = {
    username: { type: "string", description: "User's response" },
    email: { type: "string", description: "User's email address" },
  };
  const forms: [name: string, properties: Form, required: string[]][] = [
    ["test_elicitation", user, Object.keys(user)],
    ["test_elicitation_sep1034_defaults", defaults, []],
    ["test_elicitation_sep1330_enums", choices, []],
  ];
  for (const [name, properties, required] of forms)
    server.registerTool(
      name,
      {
        description: "Asks the user.",
        inputSchema: z.object({ message: z.string().default("Fill this in.") }),
      },
      async ({ message }, { mcpReq }) => {
        const { action, content } = await mcpReq.send({
          method: "elicitation/create",
          params: { message, requestedSchema: { type: "object", properties, required } },
        });
        const answer = JSON.stringify(content);
        return { content: [text(`Elicitation completed: action=${action}, content=${answer}`)] };
      },
    );
};

const addResources = (server: McpServer): void => {
  const ownText = { mimeType: "text/plain", text: "This is the content of the static text resource." };
  server.registerResource("text", "test://static-text", { description: "A text." }, ({ href }) => ({
    contents: [{ uri: href, ...ownText }],
  }));
  server.registerResource("binary", "test://static-binary", { description: "A picture." }, ({ href }) => ({
    contents: [{ uri: href, mimeType: "image/png", blob: PNG }],
  }));
  server.registerResource("watched", "test://watched-resource", { description: "Changes." }, ({ href }) => ({
    contents: [{ uri: href, ...ownText }],
  }));
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("template", template, { description: "By its id." }, ({ href }, { id }) => ({
    contents: [{ uri: href, mimeType: "application/json", text: JSON.stringify({ id }) }],
  }));
  server.server.registerCapabilities({ resources: { subscribe: true }, logging: {} });
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
};

const addPrompts = (server: McpServer): void => {
  const user = <Content>(content: Content) => ({ role: "user" as const, content });
  server.registerPrompt("test_simple_prompt", { description: "A text." }, () => ({
    messages: [user(text("This is a simple prompt for testing."))],
  }));
  const word = completable(z.string(), (begun) => ["paris", "park"].filter((each) => each.startsWith(begun)));
  server.registerPrompt(
    "test_prompt_with_arguments",
    { description: "A text with two words.", argsSchema: z.object({ arg1: word, arg2: z.string() }) },
    ({ arg1, arg2 }) => ({
      messages: [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
    }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "A resource.", argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => ({
      messages: [
        user(resource(resourceUri, "Embedded resource content for testing.")),
        user(text("Please process the embedded resource above.")),
      ],
    }),
  );
  server.registerPrompt("test_prompt_with_image", { description: "A picture." }, () => ({
    messages: [user(image), user(text("Please analyze the image above."))],
  }));
};

/** Adds the tools, resources and prompts that the scenarios of the suite expect. */
export const addSuiteParts = (server: McpServer): void => {
  addTools(server);
  addAskingTools(server);
  addResources(server);
  addPrompts(server);
};
