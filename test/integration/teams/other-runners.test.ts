import assert from "node:assert/strict";
import { programOnPath } from "../../../server/worker/runners/package.ts";
import { startRuntime } from "../../harness.ts";
import { startModelServer, type Turn } from "../../model-servers.ts";
import { call, finish, oneRound } from "../../support/one-round.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { testWorkspace } from "../../support/workspace.ts";

const writes = (path: string, content: string): Turn[] => [call("write_file", { path, content }), finish];

interface Shape {
  program: string;
  files: Record<string, string>;
  test: [path: string, content: string];
  source: [path: string, content: string];
}

/** Runners whose tests no witness watches: their gates judge by reports alone. */
const shapes: Record<string, Shape> = {
  Go: {
    program: "go",
    files: {
      "go.mod": "module shop\n\ngo 1.18\n",
      "add.go": "package shop\n\nfunc Add(a, b int) int { return a }\n",
      "old_test.go": 'package shop\n\nimport "testing"\n\nfunc TestOld(t *testing.T) {}\n',
    },
    test: [
      "add_test.go",
      'package shop\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Error("no sum")\n\t}\n}\n',
    ],
    source: ["add.go", "package shop\n\nfunc Add(a, b int) int { return a + b }\n"],
  },
  RSpec: {
    program: "rspec",
    files: {
      ".rspec": "",
      "lib/add.rb": "def add(a, b) = a\n",
      "spec/old_spec.rb": 'RSpec.describe("old") { it("is") { expect(1).to eq 1 } }\n',
    },
    test: [
      "spec/add_spec.rb",
      'require_relative "../lib/add"\nRSpec.describe("add") { it("adds") { expect(add(1, 2)).to eq 3 } }\n',
    ],
    source: ["lib/add.rb", "def add(a, b) = a + b\n"],
  },
};

describe("a team on a project that no witness can watch", function () {
  this.timeout(120_000);
  for (const [name, { program, files, test, source }] of Object.entries(shapes))
    describe(name, function () {
      skipUnlessNull(this, programOnPath(program) === null ? `${program} is not installed` : null);
      it("holds every gate", async () => {
        const workspace = await testWorkspace(files);
        const model = await startModelServer({ TestWriter: writes(...test), Coder: writes(...source) });
        const runtime = await startRuntime({
          workspace: workspace.root,
          settings: { provider: model.ollama() },
        });
        try {
          await runtime.call("teams/create", oneRound);
          const { status, error } = await runtime.run("one round", { task: "Add.", file: source[0] });
          assert.equal(status, "Succeeded", error?.message);
        } finally {
          await runtime.close();
          await model.close();
          await workspace.remove();
        }
      });
    });
});
