import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { createProgram } from "../../../../server/surfaces/cli/program.ts";
import { openTerminal } from "../../../../server/surfaces/cli/display/terminal.ts";
import { RunFlags } from "../../../../server/surfaces/cli/session/options.ts";

const terminal = openTerminal(process.stdout, process.stderr, {});
const program = createProgram(
  { terminal, environment: {}, currentFolder: "/", program: "coditect" },
  "0.0.0",
  () => undefined,
);

const flagsOf = (name: string): string[] =>
  program.commands
    .find((command) => command.name() === name)
    ?.options.map((option) => option.attributeName()) ?? [];

describe("the flags of coditect run and retry", () => {
  it("are those that a run reads", () => {
    const offered = new Set([...flagsOf("run"), ...flagsOf("retry")]);
    assert.deepEqual([...offered].sort(), Object.keys(RunFlags.shape).sort());
  });
});
