import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { GateProof } from "../../../../schemas/gates.ts";
import { runCommand } from "../../../support/command.ts";

const Proofs = z.object({ type: z.literal("proof.finished"), held: z.boolean(), proofs: z.array(GateProof) });
const fixtures = resolve(import.meta.dirname, "../../../fixtures/peers");

describe("coditect prove, of a change by", () => {
  let home: string;
  let workspace: string;
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
      cwd: workspace,
      stdio: "ignore",
    });
  };
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "coditect-peers-"));
    workspace = join(home, "project");
    await cp(join(fixtures, "project"), workspace, { recursive: true });
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "Begin");
  });
  afterEach(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));

  const proofsOf = async (patch: string): Promise<z.infer<typeof Proofs>> => {
    git("apply", join(fixtures, patch));
    const { stdout } = await runCommand(
      ["prove", "--base", "HEAD", "--json", "--workspace", workspace, "--unconfined", "allow"],
      { folder: home, environment: { CODITECT_HOME: home } },
    );
    return Proofs.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
  };

  it("Claude Code: holds where the task is done and tested", async () => {
    const { held, proofs } = await proofsOf("claude-code.patch");
    assert.ok(held, proofs.map(({ reason }) => reason).join("\n"));
  });

  const refused = [
    {
      agent: "Gemini CLI",
      patch: "gemini-cli.patch",
      gate: "mutants",
      because: "its tests hardly check anything",
    },
    { agent: "Qwen Code", patch: "qwen-code.patch", gate: "needed", because: "a function has no test" },
    {
      agent: "opencode",
      patch: "opencode.patch",
      gate: "needed",
      because: "the code contains the tests' answers",
    },
  ];
  for (const { agent, patch, gate, because } of refused)
    it(`${agent}: is refused where ${because}`, async () => {
      const { held, proofs } = await proofsOf(patch);
      assert.equal(held, false);
      assert.equal(proofs.find((proof) => !proof.held)?.gate, gate);
    });
});
