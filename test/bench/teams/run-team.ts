import { spawn } from "node:child_process";
import { join } from "node:path";
import { RuntimeEvent } from "../../../schemas/events.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import { REHEARSAL_MODEL } from "../../../server/rehearsal/server.ts";

const builtCli = join(import.meta.dirname, "..", "..", "..", "dist", "cli.js");

/**
 * Runs the TDD team of the built command line with a scripted model. Returns the proofs of its gates. `cli`:
 * another build of the command line. Throws if a gate fails, unless a later round repairs it.
 */
export const runTeam = async ({
  workspace,
  endpoint,
  file,
  task,
  cli = builtCli,
}: {
  workspace: string;
  endpoint: string;
  file: string;
  task: string;
  cli?: string;
}): Promise<{ proofs: (GateProof & { stage: string })[] }> => {
  const model = ["--provider", "ollama", "--model", REHEARSAL_MODEL, "--endpoint", endpoint];
  const args = ["run", "tdd", file, "--task", task, "--workspace", workspace, "--json", "--no-embeddings"];
  const child = spawn(process.execPath, [cli, ...args, ...model], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const proofs = output
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const event = RuntimeEvent.safeParse(JSON.parse(line));
      return event.success && event.data.type === "gate.proved"
        ? [{ ...event.data.proof, stage: event.data.stage }]
        : [];
    });
  if (status !== 0) {
    const failed = proofs.findLast(({ held }) => !held);
    throw new Error(
      `the run ended with ${status ?? "no"} exit code: ${failed?.reason ?? output.slice(-2000)}`,
    );
  }
  return { proofs };
};
