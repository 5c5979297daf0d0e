import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AuditEntry } from "../../schemas/audit.ts";
import { userCode, userCoder } from "../platform/user-key.ts";
import { ifThere, nodeFiles, readChunks } from "../store/files.ts";
import { z } from "zod";

/** Names inside a state folder. */
export const AUDIT_FILE = "audit.jsonl";
export const AUDIT_HEAD = "audit.head";

const NO_ENTRY = "0".repeat(64);

/** An entry without its own hash and seal, in the order in which it is written. */
export type Unsealed = Omit<AuditEntry, "hash" | "seal">;

export const hashOfEntry = (entry: Unsealed): string =>
  createHash("sha256").update(JSON.stringify(entry)).digest("hex");

/** Makes the seals of entries from their hashes. Only this user's programs can. */
export const sealer = (): ((hash: string) => string) => {
  const code = userCoder("audit log, entry");
  return (hash) => code(hash).toString("hex");
};

const Count = z.int().nonnegative();

/** How far the log went when it was last written, under a key of this user's. */
const Head = z.strictObject({
  count: Count,
  hash: z.string(),
  /** The first entry that has a seal. Null: an earlier version wrote this, without seals. */
  sealed_from: Count.nullable().default(null),
  code: z.string(),
});
export type Head = Omit<z.infer<typeof Head>, "code">;

const codeOf = ({ count, hash, sealed_from }: Head): string => {
  const parts = sealed_from === null ? [count, hash] : [count, hash, sealed_from];
  return userCode("audit log, head", parts.join("\n")).toString("hex");
};

export const headText = (head: Head): string => `${JSON.stringify({ ...head, code: codeOf(head) })}\n`;

export interface ChainState {
  /** Whole entries. */
  count: number;
  /** Hash of the last one. */
  hash: string;
  /** Bytes of the whole entries. */
  bytes: number;
  /** What is wrong, in words, and where; null: the chain is whole. */
  problem: string | null;
}

const parseLine = (line: string): AuditEntry | null => {
  try {
    return AuditEntry.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
};

/** Follows a log from its first entry. A last line without its end was never acknowledged. */
export async function* entriesOf(path: string): AsyncGenerator<{ entry: AuditEntry | null; bytes: number }> {
  for await (const { bytes } of readChunks(nodeFiles, path)) {
    const lines = bytes.toString("utf8").split("\n");
    lines.pop();
    for (const line of lines) yield { entry: parseLine(line), bytes: Buffer.byteLength(line) + 1 };
  }
}

/**
 * Checks each entry against the one before it.
 *
 * @param problemOf what else is wrong with an entry; null: nothing.
 */
export const checkChain = async (
  path: string,
  problemOf: (entry: AuditEntry) => string | null = () => null,
): Promise<ChainState> => {
  const state: ChainState = { count: 0, hash: NO_ENTRY, bytes: 0, problem: null };
  if ((await ifThere(nodeFiles.stat(path))) === null) return state;
  for await (const { entry, bytes } of entriesOf(path)) {
    const where = `line ${state.count + 1}`;
    if (entry === null) return { ...state, problem: `${where} is not an entry` };
    const { hash, seal, ...unsealed } = entry;
    if (entry.seq !== state.count || entry.previous !== state.hash)
      return { ...state, problem: `${where} does not follow the entry before it` };
    const other = problemOf({ ...unsealed, hash, seal });
    if (hashOfEntry(unsealed) !== hash) return { ...state, problem: `${where} was changed` };
    if (other !== null) return { ...state, problem: `${where} ${other}` };
    state.count += 1;
    state.hash = hash;
    state.bytes += bytes;
  }
  return state;
};

/** The log of a state folder. */
export interface AuditState extends ChainState {
  /** Null: nothing was recorded yet, or the record cannot be used. */
  head: Head | null;
}

/** The chain of a state folder, and whether all of it was written here and still reaches to where it had come. */
export const checkAudit = async (folder: string): Promise<AuditState> => {
  const path = join(folder, AUDIT_FILE);
  // Before the log: an entry can be on the disk before its head is, never after it.
  const text = await ifThere(readFile(join(folder, AUDIT_HEAD), "utf8"));
  const head = text === null ? null : readHead(text);
  const sealOf = sealer();
  const state = await checkChain(path, ({ seq, hash, seal }) => {
    if (head === null) return null;
    const isSealed = head.sealed_from === null || seq < head.sealed_from || seal === sealOf(hash);
    if (!isSealed) return "was not written by this user";
    return seq === head.count - 1 && hash !== head.hash ? "was replaced" : null;
  });
  const withProblem = (problem: string | null) => ({ ...state, head, problem });
  if (state.problem !== null) return withProblem(state.problem);
  if (text === null) return withProblem(state.count === 0 ? null : "audit.head is missing");
  if (head === null) return withProblem("the record of its length was not written by this user");
  if (head.count > state.count)
    return withProblem(`${head.count - state.count} entries at the end are missing`);
  return withProblem(null);
};

const readHead = (text: string): Head | null => {
  try {
    const found = Head.safeParse(JSON.parse(text)).data;
    if (found === undefined) return null;
    const { code, ...head } = found;
    return code === codeOf(head) ? head : null;
  } catch {
    return null;
  }
};
