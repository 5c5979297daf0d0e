import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AuditEntry } from "../../schemas/audit.ts";
import { userCode } from "../platform/user-key.ts";
import { ifThere, nodeFiles, readChunks } from "../store/files.ts";
import { z } from "zod";

/** Names inside a state folder. */
export const AUDIT_FILE = "audit.jsonl";
export const AUDIT_HEAD = "audit.head";

const NO_ENTRY = "0".repeat(64);

/** Everything of an entry but its own hash, in the order in which it is written. */
export type Unsealed = Omit<AuditEntry, "hash">;

export const hashOfEntry = (entry: Unsealed): string =>
  createHash("sha256").update(JSON.stringify(entry)).digest("hex");

/** How far the log went when it was last written, under a key of this user's. */
const Head = z.strictObject({ count: z.int().nonnegative(), hash: z.string(), code: z.string() });

const codeOf = (count: number, hash: string): string =>
  userCode("audit log, head", `${count}\n${hash}`).toString("hex");

export const headText = (count: number, hash: string): string =>
  `${JSON.stringify({ count, hash, code: codeOf(count, hash) })}\n`;

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

/** Checks each entry against the one before it. */
export const checkChain = async (path: string): Promise<ChainState> => {
  const state: ChainState = { count: 0, hash: NO_ENTRY, bytes: 0, problem: null };
  if ((await ifThere(nodeFiles.stat(path))) === null) return state;
  for await (const { entry, bytes } of entriesOf(path)) {
    const where = `line ${state.count + 1}`;
    if (entry === null) return { ...state, problem: `${where} is not an entry` };
    const { hash, ...unsealed } = entry;
    if (entry.seq !== state.count || entry.previous !== state.hash)
      return { ...state, problem: `${where} does not follow the entry before it` };
    if (hashOfEntry(unsealed) !== hash) return { ...state, problem: `${where} was changed` };
    state.count += 1;
    state.hash = hash;
    state.bytes += bytes;
  }
  return state;
};

/** The chain of a state folder, and whether it still reaches to where it had come. */
export const checkAudit = async (folder: string): Promise<ChainState> => {
  const path = join(folder, AUDIT_FILE);
  const state = await checkChain(path);
  if (state.problem !== null) return state;
  const text = await ifThere(readFile(join(folder, AUDIT_HEAD), "utf8"));
  if (text === null) return state.count === 0 ? state : { ...state, problem: "audit.head is missing" };
  const head = readHead(text);
  if (head === null) return { ...state, problem: "the record of its length was not written by this user" };
  // An entry can be on the disk before its head is, never after it.
  if (head.count > state.count)
    return { ...state, problem: `${head.count - state.count} entries at the end are missing` };
  if (head.count === state.count && head.hash !== state.hash)
    return { ...state, problem: "the last entry was replaced" };
  return state;
};

const readHead = (text: string): z.infer<typeof Head> | null => {
  try {
    const head = Head.safeParse(JSON.parse(text)).data;
    return head?.code === codeOf(head?.count ?? 0, head?.hash ?? "") ? head : null;
  } catch {
    return null;
  }
};
