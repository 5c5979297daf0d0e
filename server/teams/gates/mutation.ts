import { once, type EventEmitter } from "node:events";
import { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import { LineRange, Mutant } from "../../../schemas/tests.ts";

/** JavaScript and TypeScript files with the lines that are mutated. */
export const MutationRequest = z.array(
  z.strictObject({ path: z.string(), text: z.string(), ranges: z.array(LineRange) }),
);
export type MutationRequest = z.infer<typeof MutationRequest>;

/** Files that contain all their mutants, and descriptions of the mutants. */
export const Mutation = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), text: z.string() })),
  mutants: z.array(Mutant),
});
export type Mutation = z.infer<typeof Mutation>;

/** Turns on an error in every changed function instead of a mutant. A test that reaches one then fails. */
export const REACH = "reach";

/** Why a change has no mutants, as a sentence for people. */
export const MutationRefusal = z.strictObject({ refused: z.string() });
export type MutationRefusal = z.infer<typeof MutationRefusal>;

const Ready = z.tuple([z.literal("ready")]);
const Answer = z.tuple([z.union([Mutation, MutationRefusal])]);

/**
 * How long the thread may take to load the parser. If it takes longer, the machine is slow, not the
 * change.
 */
const LOAD_MS = 180_000;
/**
 * The time limit for the change after the parser is loaded: seconds, or minutes if many other programs use
 * the machine.
 */
const DEADLINE_MS = 180_000;
const MEMORY_MB = 512;

/**
 * The thread's environment. Babel determines which browsers a project is for, even without a configuration, and
 * would run a package that `package.json` names for that. The variable prevents this.
 */
const WITHOUT_CONFIGURATION = { BROWSERSLIST: "node 22" };

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";

/** The next message of the thread; null if it does not come in time. */
const messageWithin = async (
  thread: EventEmitter,
  milliseconds: number,
  signal: AbortSignal,
): Promise<unknown> => {
  const deadline = AbortSignal.timeout(milliseconds);
  try {
    // An error of the thread rejects as well.
    return await once(thread, "message", { signal: AbortSignal.any([signal, deadline]) });
  } catch (error) {
    if (deadline.aborted && !signal.aborted) return null;
    throw error;
  }
};

/**
 * Writes every mutant of these lines into the files, each behind a switch that the variable
 * `__STRYKER_ACTIVE_MUTANT__` turns on. A separate thread parses the files, with a deadline and a memory cap. A
 * refusal says why there are no mutants: a file cannot be parsed, or not within the caps.
 *
 * @throws `cancelled` when the signal is aborted
 */
export const mutate = async (
  request: MutationRequest,
  signal: AbortSignal,
): Promise<Mutation | MutationRefusal> => {
  if (request.length === 0) return { files: [], mutants: [] };
  const { Worker } = await import("node:worker_threads");
  // In a bundle, the thread's file is next to this one. From source, it is the module itself.
  const entry = import.meta.url.endsWith(".ts") ? "./mutation-thread.ts" : "./mutation.js";
  const thread = new Worker(new URL(entry, import.meta.url), {
    workerData: request,
    env: WITHOUT_CONFIGURATION,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  try {
    const ready = await messageWithin(thread, LOAD_MS, signal);
    if (ready === null)
      return { refused: `The parser of the mutants did not load within ${LOAD_MS / 1000} seconds.` };
    Ready.parse(ready);
    const answer = await messageWithin(thread, DEADLINE_MS, signal);
    if (answer === null)
      return { refused: `The mutants of the change were not created within ${DEADLINE_MS / 1000} seconds.` };
    return Answer.parse(answer)[0];
  } catch (error) {
    if (signal.aborted) throw fail("cancelled", { what: "The mutation of the change" });
    if (isOutOfMemory(error))
      return { refused: `Creating the mutants of the change takes more than ${MEMORY_MB} MB of memory.` };
    throw error;
  } finally {
    await thread.terminate();
  }
};
