import { once } from "node:events";
import { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import { LineRange, Mutant } from "../../../schemas/tests.ts";

/** JavaScript and TypeScript files with the lines that are mutated. */
export const MutationRequest = z.array(
  z.strictObject({ path: z.string(), text: z.string(), ranges: z.array(LineRange) }),
);
export type MutationRequest = z.infer<typeof MutationRequest>;

/** Files with all their mutants in them, and what the mutants are. */
export const Mutation = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), text: z.string() })),
  mutants: z.array(Mutant),
});
export type Mutation = z.infer<typeof Mutation>;

/** Switches on an error in every changed function, in place of a mutant: who fails has reached one. */
export const REACH = "reach";

/** What the thread answers: null when a file cannot be parsed. */
const Answer = z.tuple([Mutation.nullable()]);

const DEADLINE_MS = 60_000;
const MEMORY_MB = 512;

/**
 * The thread's environment. Babel asks which browsers a project is for, also where it uses no
 * configuration, and a `package.json` may name a package of the project that is run to tell: so it is told.
 */
const WITHOUT_CONFIGURATION = { BROWSERSLIST: "node 22" };

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";

/**
 * Puts every mutant of these lines into the files, each behind a switch that the variable
 * `__STRYKER_ACTIVE_MUTANT__` turns on. Parsed in a thread of its own, with a deadline and a memory
 * cap. Null: the files cannot be parsed, or not within the caps.
 */
export const mutate = async (request: MutationRequest, signal: AbortSignal): Promise<Mutation | null> => {
  if (request.length === 0) return { files: [], mutants: [] };
  const { Worker } = await import("node:worker_threads");
  // In a bundle, the thread's file is next to ours; from source it is the module's own.
  const entry = import.meta.url.endsWith(".ts") ? "./mutation-thread.ts" : "./mutation.js";
  const thread = new Worker(new URL(entry, import.meta.url), {
    workerData: request,
    env: WITHOUT_CONFIGURATION,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    // An error of the thread rejects, too: it is a fault of ours, except when the memory was used up.
    return Answer.parse(await once(thread, "message", { signal: AbortSignal.any([signal, deadline]) }))[0];
  } catch (error) {
    if (signal.aborted) throw fail("cancelled", { what: "The mutation of the change" });
    if (deadline.aborted || isOutOfMemory(error)) return null;
    throw error;
  } finally {
    await thread.terminate();
  }
};
