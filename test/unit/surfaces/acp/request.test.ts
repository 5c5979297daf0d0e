import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ContentBlock } from "@agentclientprotocol/sdk";
import { readPrompt } from "../../../../server/surfaces/acp/request.ts";

const text = (words: string): ContentBlock => ({ type: "text", text: words });
const link = (uri: string): ContentBlock => ({ type: "resource_link", name: "linked", uri });

describe("a prompt of an ACP client", () => {
  const cases: [string, ContentBlock[], object][] = [
    [
      "runs the TDD team without a command",
      [text("src/a.ts Round up")],
      { team: "tdd", file: "src/a.ts", task: "Round up" },
    ],
    [
      "runs the team of the command",
      [text("/bug-fix It loses a cent.")],
      { team: "bug-fix", file: null, task: "It loses a cent." },
    ],
    [
      "takes the linked file",
      [text("/review"), link("file:///w/src/b.py")],
      { team: "review", file: "src/b.py", task: "" },
    ],
    [
      "keeps several lines of a task",
      [text("/tdd src/a.ts one\ntwo")],
      { team: "tdd", file: "src/a.ts", task: "one\ntwo" },
    ],
    [
      "does not take a sentence for a path",
      [text("/tdd Split the bill.")],
      { team: "tdd", file: null, task: "Split the bill." },
    ],
  ];
  for (const [title, prompt, expected] of cases)
    it(title, () => {
      assert.deepEqual(readPrompt(prompt, "/w"), { type: "run", ...expected });
    });

  it("resumes a run", () => {
    assert.deepEqual(readPrompt([text("/resume abc")], "/w"), { type: "resume", taskId: "abc" });
  });

  it("refuses a linked file outside of the workspace", () => {
    const others = ["file:///etc/passwd", "file://server/w/a.ts", "file:///w/a%2fb", "file:///w/%zz"];
    for (const uri of others)
      assert.throws(() => readPrompt([link(uri)], "/w"), { code: "outside_workspace" }, uri);
  });
});
