import { createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import type { GateProof } from "../../schemas/gates.ts";
import {
  BUNDLE_TYPE,
  PAYLOAD_TYPE,
  type ProofPlace,
  PROOF_TYPE,
  ProofStatement,
  Receipt,
  STATEMENT_TYPE,
} from "../../schemas/receipt.ts";
import { keyId, type SigningKey } from "./signing-key.ts";

/** What was proven of which files. */
export interface Proven {
  task: string | null;
  base: string | null;
  files: ProofStatement["predicate"]["change"]["files"];
  proofs: readonly GateProof[];
  ran_in: ProofPlace;
  tools: Record<string, string>;
  proved_at: string;
}

/** The statement of a proof; its subjects are the files as they are after the change. */
export const statementOf = ({
  task,
  base,
  files,
  proofs,
  ran_in,
  tools,
  proved_at,
}: Proven): ProofStatement => ({
  _type: STATEMENT_TYPE,
  subject: files.flatMap(({ path, after }) =>
    after === null ? [] : [{ name: path, digest: { sha256: after } }],
  ),
  predicateType: PROOF_TYPE,
  predicate: {
    task,
    held: proofs.every(({ held }) => held),
    gates: proofs.map(({ gate, held, reason, runner, command, exit_code, counts }) => ({
      gate,
      held,
      reason,
      runner,
      command,
      exit_code,
      counts,
    })),
    change: { base, files },
    ran_in,
    tools,
    proved_at,
  },
});

/** What DSSE signs: the type and the payload with their lengths. */
const preAuthentication = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);

const textOf = (receipt: Receipt): string => `${JSON.stringify(receipt, null, 2)}\n`;

/** A signed receipt as it is written to a file. */
export const signReceipt = (statement: ProofStatement, { privateKey, publicKey, id }: SigningKey): string => {
  const payload = Buffer.from(JSON.stringify(statement));
  const rawBytes = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  return textOf({
    mediaType: BUNDLE_TYPE,
    verificationMaterial: { publicKey: { hint: id, rawBytes } },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: sign(null, preAuthentication(payload), privateKey).toString("base64"), keyid: id }],
    },
  });
};

/** A receipt that was read: its statement and who signed it, or what is wrong with it. */
export type ReadReceipt = { statement: ProofStatement; key: string } | { problem: string };

/** Bytes of a text in base64; null if it is not the one canonical text for them. */
const decoded = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
};

const publicKeyOf = (bytes: Buffer): KeyObject | null => {
  try {
    const key = createPublicKey({ key: bytes, format: "der", type: "spki" });
    // Bytes after the key are passed over by the parser; a receipt has none.
    const isWhole = key.export({ format: "der", type: "spki" }).equals(bytes);
    return key.asymmetricKeyType === "ed25519" && isWhole ? key : null;
  } catch {
    return null;
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/**
 * Reads a receipt and checks its signature. It has to be the very text that was signed and written:
 * a receipt that says the same in another form is refused as well.
 */
export const readReceipt = (text: string): ReadReceipt => {
  const receipt = Receipt.safeParse(parsed(text));
  if (!receipt.success) return { problem: "It is not a receipt of a proof." };
  if (textOf(receipt.data) !== text) return { problem: "It was rewritten after it was signed." };
  const { verificationMaterial, dsseEnvelope } = receipt.data;
  const [{ sig, keyid }] = dsseEnvelope.signatures;
  const [key, payload, signature] = [
    decoded(verificationMaterial.publicKey.rawBytes),
    decoded(dsseEnvelope.payload),
    decoded(sig),
  ];
  const publicKey = key === null ? null : publicKeyOf(key);
  if (publicKey === null || payload === null || signature === null)
    return { problem: "Its key, payload or signature cannot be read." };
  const id = keyId(publicKey);
  if (id !== keyid || id !== verificationMaterial.publicKey.hint)
    return { problem: "It names another key than it brings along." };
  if (!verify(null, preAuthentication(payload), publicKey, signature))
    return { problem: "Its signature does not match its content." };
  const statement = ProofStatement.safeParse(parsed(payload.toString("utf8")));
  return statement.success
    ? { statement: statement.data, key: id }
    : { problem: "It is not a statement of a proof." };
};

/** Files of the statement that are not as they were when it was proven, each in words. */
export const differingFiles = async (
  { predicate }: ProofStatement,
  hashOf: (path: string) => Promise<string | null>,
): Promise<string[]> => {
  const told = await Promise.all(
    predicate.change.files.map(async ({ path, after }) => {
      const now = await hashOf(path);
      if (now === after) return [];
      if (now === null) return [`${path} is gone.`];
      return [after === null ? `${path} is there again.` : `${path} was changed since.`];
    }),
  );
  return told.flat();
};
