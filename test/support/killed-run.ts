import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ChangedFile } from "../../schemas/changes.ts";
import { ExecutionError } from "../../schemas/execution.ts";
import { RunStatus, StageState } from "../../schemas/run.ts";
import { TranscriptEntry } from "../../schemas/transcript.ts";
import { shippedPath } from "../../server/platform/installation.ts";
import { builtInScript } from "../../server/rehearsal/built-in.ts";
import type { RehearsalScript } from "../../server/rehearsal/script.ts";
import { startRehearsal, type RehearsalServer } from "../../server/rehearsal/server.ts";

const Finished = z.object({
  status: RunStatus,
  error: ExecutionError.nullable(),
  stages: z.array(StageState),
  changes: z.array(ChangedFile),
  checkpoints: z.int(),
  calls: z.int(),
});
type Finished = z.infer<typeof Finished>;

const script = fileURLToPath(new URL("./team-process.ts", import.meta.url));

/** The runtime and worker of instances on another machine. */
type Elsewhere = Readonly<Record<"CODITECT_TEST_RUNTIME" | "CODITECT_TEST_WORKER", string>>;

/** Runs the process to its end. Resolves with its output, or null if it was killed. */
const runProcess = async (args: string[], elsewhere: Elsewhere | null): Promise<Finished | null> => {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...elsewhere },
  });
  const output: string[] = [];
  const problems: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => problems.push(text));
  const [code, signal] = z
    .tuple([z.int().nullable(), z.string().nullable()])
    .parse(await once(child, "close"));
  if (signal === "SIGKILL") return null;
  if (code !== 0)
    throw new Error(`the process ended with ${code ?? signal ?? "nothing"}: ${problems.join("")}`);
  return Finished.parse(JSON.parse(output.join("")));
};

interface RunOutcome {
  status: RunStatus;
  error: ExecutionError | null;
  /** The path and hash of every changed file. */
  changes: string[];
  /** The number of requests to the model, without those whose answer the killed process never got. */
  requests: number;
  /** The number of answers that count against the daily caps. */
  counted: number;
  checkpoints: number;
}

/** Counts the model's answers and the unfinished executions in the transcripts of a workspace. */
const storedIn = async (workspace: string): Promise<{ answers: number; open: number }> => {
  const folder = join(workspace, ".coditect", "state", "transcripts");
  let answers = 0;
  let open = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const whole = (await readFile(join(folder, name), "utf8")).split("\n").slice(0, -1);
    const entries = whole.map((line) => TranscriptEntry.parse(JSON.parse(line)));
    answers += entries.filter((entry) => entry.type === "answer" && !entry.cached).length;
    if (entries.every(({ type }) => type !== "end")) open += 1;
  }
  return { answers, open };
};

/**
 * The number of requests that were in progress when the process was killed. Nobody has their answers, so they are sent
 * again. Each running agent can have one.
 */
const cutOff = async (workspace: string, model: RehearsalServer): Promise<number> => {
  // The server reads the requests of the killed process before this one.
  await fetch(model.endpoint);
  const { answers, open } = await storedIn(workspace);
  const count = model.requests.length - answers;
  assert.ok(count >= 0 && count <= open, `${count} requests without an answer, ${open} agents at work`);
  return count;
};

/**
 * Runs a team on a copy of a project in a separate process, which is killed with SIGKILL right after its nth checkpoint
 * (0: never). Then resumes the run in another process.
 */
const runKilledAt = async (
  checkpoint: number,
  { team, attempts = 1, elsewhere = null }: KilledTeam,
  script: RehearsalScript,
): Promise<RunOutcome> => {
  const workspace = await mkdtemp(join(tmpdir(), "coditect-killed-"));
  const model = await startRehearsal([script]);
  try {
    await cp(shippedPath("media", "sample"), workspace, { recursive: true });
    const start = [team, String(attempts), script.task, ...(script.file === null ? [] : [script.file])];
    let finished = await runProcess([workspace, model.endpoint, String(checkpoint), ...start], elsewhere);
    const unanswered = finished === null ? await cutOff(workspace, model) : 0;
    finished ??= await runProcess([workspace, model.endpoint, "0"], elsewhere);
    if (finished === null) throw new Error("the resumed process was killed");
    return {
      status: finished.status,
      error: finished.error,
      changes: finished.changes.map(({ path, after }) => `${path} ${after ?? "deleted"}`),
      requests: model.requests.length - unanswered,
      counted: finished.calls,
      checkpoints: finished.checkpoints,
    };
  } finally {
    await model.close();
    await rm(workspace, { recursive: true, force: true });
  }
};

/** A built-in team, and the number of parallel attempts at its code, which is 1 by default. */
export interface KilledTeam {
  team: string;
  attempts?: number;
  /** If left out, its instances run on this machine. */
  elsewhere?: Elsewhere | null;
}

/** The number of runs at the same time on this machine. A single run leaves half of two cores idle. */
const AT_ONCE = 2;
/** A node of two processors has room for the pods of one team. */
const AT_ONCE_ELSEWHERE = 1;

/**
 * Runs a built-in team on the sample project undisturbed. Then runs it once for every `step`th checkpoint, starting at
 * `first`, kills it there and resumes it. Each run must end with the same files and the same number of requests.
 */
export const resumesLikeUndisturbed = async (
  killed: KilledTeam,
  first: number,
  step: number,
): Promise<void> => {
  const script = await builtInScript(killed.team);
  const { checkpoints, ...expected } = await runKilledAt(0, killed, script);
  assert.deepEqual([expected.status, expected.error], ["Succeeded", null]);
  assert.equal(expected.counted, expected.requests);
  const left = Array.from({ length: checkpoints }, (_, index) => index).filter(
    (checkpoint) => checkpoint >= first && (checkpoint - first) % step === 0,
  );
  const killOneAfterTheOther = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { checkpoints: _, ...outcome } = await runKilledAt(next, killed, script);
      assert.deepEqual(outcome, expected, `killed after checkpoint ${next} of ${checkpoints}`);
    }
  };
  const length = (killed.elsewhere ?? null) === null ? AT_ONCE : AT_ONCE_ELSEWHERE;
  const ended = await Promise.allSettled(Array.from({ length }, killOneAfterTheOther));
  for (const each of ended) if (each.status === "rejected") throw each.reason;
};
