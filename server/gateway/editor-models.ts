import type { LentModel, LentPart, LentRequest, LentResult } from "../../schemas/lent-models.ts";

/** The language models of the editor, which it lends to the runtime over its own connection. */
export interface EditorModels {
  /** The listed model of that name; null: it was not listed. */
  known(model: string): LentModel | null;
  /** Errors: {@link EditorGone}. */
  list(signal: AbortSignal): Promise<readonly LentModel[]>;
  /** Resolves with the end of an answer, after its last part. Errors: {@link EditorGone}. */
  generate(
    request: LentRequest,
    options: { signal: AbortSignal; part: (part: LentPart) => void },
  ): Promise<LentResult>;
}

/** The editor closed the connection, or sent an unreadable message. */
export class EditorGone extends Error {
  override readonly name = "EditorGone";
}
