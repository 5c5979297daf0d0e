import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { RuntimeEvent } from "../../../schemas/events.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import { REHEARSAL_MODEL } from "../../../server/rehearsal/server.ts";

type StageProof = GateProof & { stage: string };

const builtCli = join(import.meta.dirname, "..", "..", "..", "dist", "cli.js");

/**
 * Runs the TDD team of the built command line with a scripted model. Returns the proofs of its gates. `cli`:
 * another build of the command line. `proved` gets each proof as it comes. Throws if a gate fails, unless a later round repairs it.
 */
export const runTeam = async ({
  workspace,
  endpoint,
  file,
  task,
  cli = builtCli,
  proved = () => undefined,
}: {
  workspace: string;
  endpoint: string;
  file: string;
  task: string;
  cli?: string;
  proved?: (proof: StageProof) => void;
}): Promise<{ proofs: StageProof[] }> => {
  const model = ["--provider", "ollama", "--model", REHEARSAL_MODEL, "--endpoint", endpoint];
  const args = ["run", "tdd", file, "--task", task, "--workspace", workspace, "--json", "--no-embeddings"];
  const child = spawn(process.execPath, [cli, ...args, ...model], { stdio: ["ignore", "pipe", "inherit"] });
  const proofs: StageProof[] = [];
  let output = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    output += `${line}\n`;
    const event = line === "" ? null : RuntimeEvent.safeParse(JSON.parse(line));
    if (event?.success !== true || event.data.type !== "gate.proved") return;
    const proof = { ...event.data.proof, stage: event.data.stage };
    proofs.push(proof);
    proved(proof);
  });
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (status !== 0) {
    const failed = proofs.findLast(({ held }) => !held);
    throw new Error(
      `the run ended with ${status ?? "no"} exit code: ${failed?.reason ?? output.slice(-2000)}`,
    );
  }
  return { proofs };
};
