import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { CoditectError } from "../../../schemas/errors.ts";
import { loadScript, RehearsalScript, turnAt } from "../../../server/rehearsal/script.ts";

const says = (text: string) => ({ text });

describe("rehearsal script", () => {
  const script = RehearsalScript.parse({
    agents: {
      Reviewer: [says("one"), says("two")],
      Coder: [[says("first try")], [says("second try"), says("done")]],
      "Coder/polish": [says("polished")],
    },
  });
  const at = (agent: string, round: number, turn: number, stage: string | null = null) =>
    turnAt(script, { agent, stage, round, turn })?.text;

  it("takes a plain list of turns as one round", () => {
    assert.equal(at("Reviewer", 1, 2), "two");
  });

  it("answers a later round than it has with its last one", () => {
    assert.equal(at("Coder", 1, 1), "first try");
    assert.equal(at("Coder", 2, 2), "done");
    assert.equal(at("Coder", 7, 1), "second try");
  });

  it("prefers the answers for the stage to those for the agent", () => {
    assert.equal(at("Coder", 1, 1, "polish"), "polished");
    assert.equal(at("Coder", 1, 1, "implement"), "first try");
  });

  it("has no answer after the last turn or for another agent", () => {
    assert.equal(at("Reviewer", 1, 3), undefined);
    assert.equal(at("Security", 1, 1), undefined);
  });

  describe("read from a file", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "rehearsal-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    const load = async (text: string) => {
      const path = join(folder, "script.json");
      await writeFile(path, text);
      return loadScript(path);
    };
    const refuses = (text: string, code: string, problem: RegExp) =>
      assert.rejects(load(text), (error) => {
        assert.ok(error instanceof CoditectError);
        assert.equal(error.code, code);
        assert.match(error.message, problem);
        return true;
      });

    it("puts the text of files and lines into the arguments", async () => {
      await writeFile(join(folder, "bill.js"), "export {};\n");
      const loaded = await load(
        JSON.stringify({
          agents: {
            Coder: [
              {
                tool_calls: [
                  { tool: "write_file", arguments: { path: "bill.js", content: { $file: "bill.js" } } },
                  { tool: "edit_file", arguments: { old_text: { $lines: ["a", "b"] } } },
                ],
              },
            ],
          },
        }),
      );
      const calls = loaded.agents.Coder?.[0]?.[0]?.tool_calls;
      assert.deepEqual(
        calls?.map((call) => call.arguments),
        [{ path: "bill.js", content: "export {};\n" }, { old_text: "a\nb" }],
      );
    });

    it("refuses an agent that does not exist", () =>
      refuses('{"agents":{"Tester":[{"text":"hi"}]}}', "invalid_file", /AgentType/));

    it("refuses text that is not JSON", () => refuses("{", "invalid_file", /script\.json/));

    it("names a file that is missing", () =>
      refuses(
        '{"agents":{"Coder":[{"tool_calls":[{"tool":"x","arguments":{"$file":"gone.js"}}]}]}}',
        "file_not_found",
        /gone\.js/,
      ));
  });
});
