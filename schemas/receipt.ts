import { z } from "zod";
import { RuntimeType } from "./agent.ts";
import { GateName } from "./gates.ts";
import { Count, Sha256, Timestamp, WorkspacePath } from "./primitives.ts";

/** What kind of statement a receipt's predicate is. */
export const PROOF_TYPE = "https://coditect.dev/attestation/proof/v1";
export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const PAYLOAD_TYPE = "application/vnd.in-toto+json";
export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** A gate as a receipt keeps it: what was measured, without what differs by machine. */
const ReceiptGate = z.strictObject({
  gate: GateName,
  held: z.boolean(),
  reason: z.string(),
  runner: z.string().nullable(),
  command: z.array(z.string()).nullable(),
  exit_code: z.int().nullable(),
  counts: z.strictObject({ passed: Count, failed: Count, skipped: Count }).nullable(),
});
type ReceiptGate = z.infer<typeof ReceiptGate>;

/** Where the tests of a proof ran. Without a sandbox, they could change what judged them. */
export const ProofPlace = z.strictObject({ runtime: RuntimeType, sandboxed: z.boolean() });
export type ProofPlace = z.infer<typeof ProofPlace>;

/** An in-toto statement that a change was proven: subjects are its files as they are after it. */
export const ProofStatement = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.strictObject({ name: WorkspacePath, digest: z.strictObject({ sha256: Sha256 }) })),
  predicateType: z.literal(PROOF_TYPE),
  predicate: z.strictObject({
    /** What was to be done, in the user's words. */
    task: z.string().nullable(),
    held: z.boolean(),
    gates: z.array(ReceiptGate),
    change: z.strictObject({
      /** The commit the change was made on. */
      base: z.string().nullable(),
      /** Every file of the change; `null` where there is none. */
      files: z.array(
        z.strictObject({ path: WorkspacePath, before: Sha256.nullable(), after: Sha256.nullable() }),
      ),
    }),
    ran_in: ProofPlace,
    /** Versions of what measured it. */
    tools: z.record(z.string(), z.string()),
    proved_at: Timestamp,
  }),
});
export type ProofStatement = z.infer<typeof ProofStatement>;

/** A receipt: Sigstore's bundle around a DSSE envelope, with the public key that its hint is the hash of. */
export const Receipt = z.strictObject({
  mediaType: z.literal(BUNDLE_TYPE),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: Sha256, rawBytes: z.base64() }),
  }),
  dsseEnvelope: z.strictObject({
    payload: z.base64(),
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z.tuple([z.strictObject({ sig: z.base64(), keyid: Sha256 })]),
  }),
});
export type Receipt = z.infer<typeof Receipt>;
