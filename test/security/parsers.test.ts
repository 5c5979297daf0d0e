import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { deflateRawSync } from "node:zlib";
import { CoditectError } from "../../schemas/errors.ts";
import { parseJson } from "../../schemas/json-depth.ts";
import { WorkspacePath } from "../../schemas/primitives.ts";
import { readFencedCalls } from "../../server/gateway/fenced.ts";
import { EventStream } from "../../server/gateway/providers/event-stream.ts";
import { readArguments } from "../../server/gateway/providers/parts.ts";
import { parseLessons, renderLessons } from "../../server/feedback/lessons-file.ts";
import { describeConfiguration } from "../../server/teams/definition/describe.ts";
import { fillPrompt, variablesIn } from "../../server/teams/definition/template.ts";
import { readToken } from "../../server/access/token-book.ts";
import { decisionOf } from "../../server/hooks/decision.ts";
import { parseImageName } from "../../server/instances/drivers/docker/registry.ts";
import { parseAllowedHost } from "../../server/instances/drivers/egress/policy.ts";
import { readReceipt } from "../../server/proof/receipt.ts";
import { readPrompt } from "../../server/surfaces/acp/request.ts";
import { MessageLines } from "../../server/tools/message-lines.ts";
import { readJUnit } from "../../server/worker/runners/junit.ts";
import { readTap } from "../../server/worker/runners/tap.ts";
import { testReport } from "../support/reports.ts";
import { brokenToolchain } from "../../server/worker/runners/broken-toolchain.ts";
import { readTrx } from "../../server/worker/runners/trx.ts";
import { readFrontMatter } from "../../server/workspace/front-matter.ts";
import { globFilter } from "../../server/workspace/glob.ts";
import { marksOf } from "../../server/workspace/marks.ts";
import { redactText } from "../../server/workspace/redact.ts";
import { testSettings } from "../../server/workspace/test-settings.ts";
import { testsInSource } from "../../server/workspace/tests-in-source.ts";
import { toWorkspacePath } from "../../server/workspace/paths.ts";
import { terminalText } from "../../schemas/plain-text.ts";
import { rejectsWith } from "../support/rejects.ts";
import { testDispatch } from "../support/dispatch.ts";
import { caller, serveTest } from "../unit/surfaces/rest/support.ts";
import { hiddenIn } from "../../server/teams/gates/encoded.ts";
import { literalsOf, writtenOutIn } from "../../server/teams/gates/written-out.ts";
import { placeholderIn } from "../../server/worker/tools/omission.ts";

const tools = [{ name: "read_file", description: "", schema: {} }];
const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

/** Texts with what each parser looks for in every order and number. */
const pieces = fc.array(
  fc.constantFrom(
    ...'```|tool_call|json|\n|\r\n| |\t|{|}|[|]|"|\\|<tool_call>|</tool_call>|:|,|<!--|-->|lesson|{{|}}|**|*|?|/|..|.|!|#|\u0000|é|\u202e|a'.split(
      "|",
    ),
  ),
  { maxLength: 200 },
);
const text = fc.oneof(
  pieces.map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 200 }),
);

/** Nothing but an error of the catalogue, or a named kind, may come out. */
const survives = (work: (input: string) => unknown): void => {
  fc.assert(
    fc.property(text, (input) => {
      try {
        work(input);
      } catch (error) {
        assert.ok(error instanceof CoditectError || error instanceof SyntaxError, String(error));
      }
    }),
    { numRuns: 200 },
  );
};

/** For a parser that says with an error of its own that it does not know the format. */
const refusing =
  (parse: (input: string) => unknown) =>
  (input: string): void => {
    try {
      parse(input);
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) throw error;
    }
  };

const parsers: Readonly<Record<string, (input: string) => unknown>> = {
  "calls in a model's text": (input) => readFencedCalls(input, tools, 1),
  "arguments of a call": readArguments,
  JSON: parseJson,
  "paths of a model": toWorkspacePath,
  globs: (input) => globFilter(input)("src/a.ts"),
  templates: (input) => [variablesIn(input), fillPrompt(input, new Map())],
  lessons: (input) => renderLessons(parseLessons(input)),
  "configuration files": (input) =>
    describeConfiguration([{ path: ".coditect/x.json", bytes: Buffer.from(input) }]),
  "code that is left out": (input) => placeholderIn(input, ""),
  "what a change writes out": (input) => [
    writtenOutIn([{ path: "a.js", before: "", after: input }]),
    hiddenIn(literalsOf(input), literalsOf),
  ],
  "manifests of Rust": (input) => marksOf("Cargo.toml", null, input),
  "tests in sources": (input) => [
    testsInSource("lib.rs", `#[cfg(test)]\n${input}`),
    testsInSource("lib.ts", `import.meta.vitest\n${input}`),
  ],
  "package files": (input) => [marksOf("package.json", input, input), testSettings("package.json", input)],
  secrets: (input) => redactText(input, []),
  "terminal text": terminalText,
  "front matter": (input) => {
    const matter = readFrontMatter(`---\n${input}\n---\n`);
    return [matter?.field("name"), matter?.list("tools")];
  },
  "reports in TAP": readTap,
  "reports in JUnit's XML": refusing(readJUnit),
  "reports in TRX": refusing(readTrx),
  "what runners say of the machine": (input) =>
    brokenToolchain("/nowhere", testReport({ outcome: "crashed", output: input })),
  "answers of hooks": refusing((text) => decisionOf({ outcome: "answered", text })),
  receipts: readReceipt,
  "access tokens": readToken,
  "names of hosts": parseAllowedHost,
  "names of images": parseImageName,
  "prompts over ACP": (input) => [
    readPrompt([{ type: "text", text: input }], "/w"),
    readPrompt([{ type: "text", text: `/tdd ${input}` }], "/w"),
  ],
  "links over ACP": (input) =>
    readPrompt([{ type: "resource_link", name: input, uri: `file://${input}` }], "/w"),
  "messages of MCP servers": (input) => new MessageLines().add(Buffer.from(input)),
};

/** Inputs that took the square, or more, of their length, or the whole stack. */
const hostile: Readonly<Record<string, string>> = {
  "a fence and a long line of blanks": "```" + " ".repeat(60_000),
  "a fence named json and blanks": "```json" + " ".repeat(60_000) + "x",
  "thousands of opened fences": "```json\n".repeat(8000),
  "thousands of opened calls": "<tool_call>".repeat(6000),
  "thousands of ends": "```tool_call\n{" + "\n```".repeat(15_000),
  "deep arrays": deep(30_000),
  "deep objects": '{"a":'.repeat(10_000),
  "a path of thousands of folders": "a/".repeat(2100) + "b",
  "a path of dots": "./".repeat(30_000),
  "nested braces": "{a,b}".repeat(5000),
  "stars without end": "**/".repeat(500),
  "comments without end": "<!-- lesson:".repeat(5000),
  "opened variables": "{{".repeat(30_000),
  "blanks in variables": "{{" + " ".repeat(30_000),
  "blanks in a comment": `// ${" ".repeat(30_000)}x`,
  "words of placeholders": `// ${"existing-code-".repeat(3000)}`,
  "empty lines": "\n".repeat(30_000),
  "a list of codes": `[${"65,".repeat(150_000)}]`,
  "texts in a text": JSON.stringify(
    deflateRawSync(Array.from({ length: 8000 }, (_, at) => `"${at}abcdefgh"`).join(" ")).toString("base64"),
  ),
  "blanks in a line of a report": `ok${" ".repeat(30_000)}x\ry`,
  "tests without end": "ok 1\n".repeat(30_000),
  "suites without end": `${"<testsuite>".repeat(30_000)}${"<testcase/>".repeat(30_000)}`,
  "output without end": `<t><testcase><failure/>${"<system-out>a</system-out>".repeat(30_000)}</testcase></t>`,
  "browsers that are not there": "Executable doesn't exist at ".repeat(30_000),
  "attributes without end": "#[cfg(all(".repeat(10_000),
  "escapes without end": "\u001b[".repeat(30_000),
};

describe("no input stops the runtime:", function () {
  // What is linear takes milliseconds; what is not took minutes. No figure is asserted but this deadline.
  this.timeout(20_000);
  for (const [name, parse] of Object.entries(parsers)) {
    it(`${name} in any form`, () => {
      survives(parse);
    });
    it(`${name} that are made to take long`, () => {
      for (const input of Object.values(hostile))
        try {
          parse(input);
        } catch (error) {
          assert.ok(
            error instanceof CoditectError || error instanceof SyntaxError,
            String(error).slice(0, 200),
          );
        }
    });
  }

  it("events of a model with tens of thousands of lines", async () => {
    const event = { said: Array.from({ length: 40_000 }, (_, number) => `line ${number}`) };
    const lines = JSON.stringify(event, null, 1).split("\n");
    const body = lines.map((line) => `data: ${line}\n`).join("");
    const to = { provider: "HuggingFace", model: "m", endpoint: "http://127.0.0.1" } as const;
    const stream = new EventStream(to, { written: "lines" });
    const response = await stream.over(() => Promise.resolve(new Response(body)))("http://127.0.0.1");
    assert.deepEqual(JSON.parse(await response.text()), event);
  });

  it("still reads a call whose argument holds fences", () => {
    const content = "a\n```\nb\n```\n";
    const call = `\`\`\`tool_call\n${JSON.stringify({ tool: "read_file", arguments: { content } })}\n\`\`\``;
    const [part] = readFencedCalls(call, tools, 1);
    assert.ok(part?.type === "tool_call");
    assert.deepEqual(part.arguments, { content });
  });

  it("says that JSON is nested too deep", () => {
    assert.throws(() => parseJson(deep(5000)), /nested deeper than 200/);
    assert.equal(WorkspacePath.safeParse("a/".repeat(2100) + "b").success, false);
    assert.match(readArguments(`{"a":${deep(4000)}}`).invalid ?? "", /nested/);
  });

  it("params nested too deep are the caller's fault", async () => {
    let value: unknown = 1;
    for (let level = 0; level < 50_000; level += 1) value = [value];
    const { dispatch } = testDispatch("/workspace");
    const { signal } = new AbortController();
    const who = { role: "admin", surface: "rest" } as const;
    await rejectsWith(
      dispatch("teams/execute" as string, { team_id: "x", data: value }, who, signal),
      "invalid_params",
    );
  });

  it("REST answers what is no path, and what is too deep, as the caller's fault", async () => {
    const server = await serveTest(Promise.resolve(testDispatch("/workspace")));
    const { connect } = await import("node:net");
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => {
        socket.write(
          "GET //[ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer t0ken\r\nConnection: close\r\n\r\n",
        );
      });
      let got = "";
      socket.on("data", (data) => (got += data.toString()));
      socket.on("end", () => {
        resolve(got);
      });
      socket.on("error", reject);
    });
    assert.match(answer, /^HTTP\/1\.1 4\d\d/);
    const call = caller(() => server.url);
    const { status } = await call("POST", "/api/agents", `{"settings":${deep(4000)}}`);
    assert.equal(status, 400);
    await server.close();
  });
});
