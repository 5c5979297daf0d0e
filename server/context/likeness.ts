import { CoditectError } from "../../schemas/errors.ts";
import { similarity } from "../gateway/embeddings.ts";
import type { Embedded } from "../gateway/gateway.ts";

/** What ranking files by meaning needs: the task, and a function that makes vectors of texts. */
export interface Likeness {
  task: string;
  /** null: there is no embedding model. */
  embed: (texts: readonly string[], signal: AbortSignal) => Promise<Embedded | null>;
}

export interface Candidate {
  path: string;
  text: string | null;
}

/** The beginning of a file says what it is about. */
const READ_CHARACTERS = 2000;
/** The maximum number of files to rank. The most closely related ones are taken. */
const MOST_RANKED = 64;
/** The longest time that an agent waits for a better order of its files. */
const DEADLINE_MS = 2000;

const byRelation = "by their relation to the file";

/**
 * Orders files by how close their meaning is to the task, and returns what they are ordered by. If the
 * ranking fails or takes too long, their order does not change. Errors: `cancelled`.
 */
export const rankByLikeness = async (
  target: { path: string; text: string } | null,
  candidates: readonly Candidate[],
  { task, embed }: Likeness,
  signal: AbortSignal,
): Promise<{ ranked: Candidate[]; how: string }> => {
  const ranked = candidates.slice(0, MOST_RANKED);
  const question = target === null ? task : `${task}\n${describe(target)}`;
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const embedded = await embed([question, ...ranked.map(describe)], AbortSignal.any([signal, deadline]));
    if (embedded === null) return { ranked: [...candidates], how: byRelation };
    const [asked = new Float32Array(), ...vectors] = embedded.vectors;
    const scored = ranked.map((candidate, index) => ({
      candidate,
      likeness: similarity(asked, vectors[index] ?? new Float32Array()),
    }));
    scored.sort((one, other) => other.likeness - one.likeness);
    const order = scored.map(({ candidate }) => candidate);
    const how = `by their likeness to the task (${embedded.model})`;
    return { ranked: [...order, ...candidates.slice(MOST_RANKED)], how };
  } catch (error) {
    if (signal.aborted || !(error instanceof CoditectError)) throw error;
    const reason = deadline.aborted ? "embeddings took too long" : error.message;
    return { ranked: [...candidates], how: `${byRelation}: ${reason}` };
  }
};

const describe = ({ path, text }: Candidate): string => `${path}\n${(text ?? "").slice(0, READ_CHARACTERS)}`;
