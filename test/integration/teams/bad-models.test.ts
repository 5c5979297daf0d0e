import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import { shippedPath } from "../../../server/platform/installation.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type Turn } from "../../model-servers.ts";
import { call, finish, oneRound } from "../../support/one-round.ts";

const newTest = [
  'import assert from "node:assert/strict";',
  'import { it } from "node:test";',
  'import { split } from "../src/bill.js";',
  'it("gives whole cents", () => assert.deepEqual(split(100, 3), [34, 33, 33]));',
].join("\n");
const writeTest = call("write_file", { path: "test/split.test.js", content: newTest });

interface Misbehaviour {
  does: string;
  /** Turns of the Coder; the last one is repeated. */
  turns: Turn[];
  status: "GateFailed" | "Failed";
  code: string;
  /** What the model is told, one answer after the other, for those it could have learned from. */
  told?: RegExp[];
}

const misbehaviours: Misbehaviour[] = [
  {
    does: "never calls a tool",
    turns: [{ text: "I would implement it like this." }],
    status: "GateFailed",
    code: "agent_gave_up",
    told: [/tool/],
  },
  {
    does: "makes the same call forever",
    turns: [call("read_file", { path: "src/bill.js" })],
    status: "GateFailed",
    code: "agent_gave_up",
  },
  {
    does: "gets every call wrong",
    turns: [
      call("teleport", {}),
      call("write_file", { path: "src/bill.js", content: 5 }),
      call("edit_file", {
        path: "src/bill.js",
        old_text: "export const split = (cents) => 0;",
        new_text: "",
      }),
      call("edit_file", { path: "src/bill.js", old_text: "cents", new_text: "euros" }),
      call("write_file", { path: "../escaped.js", content: "x" }),
      call("write_file", { path: "/tmp/coditect-escaped.js", content: "x" }),
      call("write_file", { path: "link/escaped.js", content: "x" }),
      call("write_file", { path: "test/split.test.js", content: "" }),
      finish,
    ],
    status: "GateFailed",
    code: "gate_failed",
    told: [
      /teleport[\s\S]*read_file/,
      /content/,
      /export const split = \(cents, people\)/,
      /times|more than once|unique/,
      /write_file instead/,
      /outside/,
      /outside/,
      /outside|link/,
      /test/,
    ],
  },
  {
    does: "claims success while tests fail",
    turns: [finish],
    status: "GateFailed",
    code: "gate_failed",
  },
  {
    does: "writes an answer of 1 MB",
    turns: [{ text: "x".repeat(1_000_000), calls: finish.calls ?? [] }],
    status: "GateFailed",
    code: "gate_failed",
  },
  {
    does: "stops in mid-stream, again and again",
    turns: [{ text: "I begin, but never end.", cutAfter: 1 }],
    status: "Failed",
    code: "provider_unreachable",
  },
];

const fingerprint = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes(".coditect"));
  const hashed = files.map(async ({ parentPath, name }) => {
    const bytes = await readFile(join(parentPath, name));
    return `${join(parentPath, name)} ${createHash("sha256").update(bytes).digest("hex")}`;
  });
  return (await Promise.all(hashed)).sort();
};

describe("a team whose Coder", () => {
  let project: TestRuntime;
  let untouched: string[];

  before(async () => {
    project = await startRuntime({ project: shippedPath("media", "sample") });
    await symlink("/tmp", join(project.workspace, "link"));
    untouched = await fingerprint(project.workspace);
    await project.call("teams/create", oneRound);
  });
  after(() => project.close());

  for (const { does, turns, status, code, told = [] } of misbehaviours) {
    it(`${does}: ends as ${status} with ${code}, the user's files as they were`, async () => {
      const model = await startModelServer({
        TestWriter: [writeTest, finish],
        Coder: (_, number) => turns[number] ?? turns.at(-1) ?? finish,
      });
      try {
        const options = { provider: model.ollama() };
        const finished = await project.run("one round", {
          task: "Whole cents.",
          file: "src/bill.js",
          options,
        });
        assert.deepEqual([finished.status, finished.error?.code], [status, code], finished.error?.message);
        assert.deepEqual(await fingerprint(project.workspace), untouched);
        const execution = finished.stages[1]?.execution_ids.at(-1) ?? "";
        const { entries } = await project.call("executions/transcript", { execution_id: execution });
        const answers = answersIn(entries);
        for (const [index, words] of told.entries()) assert.match(answers[index] ?? "", words);
        const stored = await project.call("executions/get", { execution_id: execution });
        assert.deepEqual([stored.status, stored.error?.code], ["Failed", code]);
      } finally {
        await model.close();
      }
    });
  }
});

/** What the tools and the runtime said to the model. */
const answersIn = (entries: readonly TranscriptEntry[]): string[] =>
  entries.flatMap((entry) =>
    entry.type === "tool" ? [entry.outcome.content] : entry.type === "note" ? [entry.text] : [],
  );
