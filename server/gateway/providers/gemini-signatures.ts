/**
 * Replaces the signature of a call that Gemini did not make: one of another provider before a failover,
 * or one that was written as text. Gemini documents it as the way to make it accept such a conversation.
 */
export const UNSIGNED = "skip_thought_signature_validator";

/** Since Gemini 3 the first call of a turn must be signed, or the request is refused. */
export const wantsSignatures = (model: string): boolean => !/gemini-[12]/.test(model);
