import { join } from "node:path";
import { mendRecord, placeOf } from "./collections.ts";
import { fileNames, ifThere, listSegments, PIECE, readChunks, type Files } from "./files.ts";
import { readHeader, readSegment, type StateBase, type StateSeal } from "./journal-format.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { rewriteState } from "./rewrite.ts";
import { StateWriter } from "./state-file.ts";

/** Keys and texts that could be read, and descriptions of what could not. */
interface Salvaged {
  values: Map<string, Buffer>;
  losses: string[];
}

/**
 * Writes a new state file, `output`, next to the old one from everything that can still be read: complete
 * blocks of the journal, and lines of the state file with a correct checksum. For other lines, it uses the line
 * of the backup or, if that is missing, the line itself if it is a valid record. Derives the indexes again.
 * Returns descriptions of what was lost or is doubtful.
 */
export const salvageState = async (
  files: Files,
  folder: string,
  tenantId: string,
  output: string,
): Promise<string[]> => {
  const losses: string[] = [];
  const journal = await readJournals(files, folder, tenantId, losses);
  const { values } = await readDamagedState(files, folder, journal.bases, losses);
  for (const apply of journal.changes) apply(values);

  const handle = await files.open(join(folder, output), "w", 0o600);
  try {
    const writer = new StateWriter(handle);
    for (const [key, text] of values) await writer.line(key, text);
    await writer.finish();
  } finally {
    await handle.close();
  }
  await rewriteState(files, folder, output, SCHEMA_VERSION, ({ key, collection, value }) => {
    const sound = mendRecord(collection, value);
    // What cannot be repaired stays unchanged. The check names it, and nothing else is lost with it.
    if (sound === null || sound.changes.length === 0) return value;
    losses.push(`${key}: ${sound.changes.join("; ")}`);
    return sound.value;
  });
  return losses;
};

type Change = (values: Map<string, Buffer>) => void;

/** Reads all complete blocks of all segments, in order. */
const readJournals = async (
  files: Files,
  folder: string,
  tenantId: string,
  losses: string[],
): Promise<{ changes: Change[]; bases: StateBase[] }> => {
  const changes: Change[] = [];
  const bases: StateBase[] = [];
  const numbers = await listSegments(files, folder);
  const headers = await Promise.all(
    numbers.map((number) => readHeader(files, folder, number).catch(() => null)),
  );
  for (const [index, number] of numbers.entries()) {
    const previous = headers[index + 1]?.previous;
    const to = previous?.segment === number ? previous.bytes : Infinity;
    const { torn } = await readSegment(
      files,
      {
        folder,
        segment: number,
        sequence: null,
        to,
        onDamage: (byte) => {
          losses.push(`${fileNames.segment(number)}: the block at byte ${byte} is damaged and left out`);
        },
      },
      {
        put: (key, chunk, start, length) => {
          const text = chunk.bytes.subarray(start, start + length);
          changes.push((values) => values.set(key, text));
        },
        remove: (key) => {
          changes.push((values) => values.delete(key));
        },
        join: () => undefined,
        leave: () => undefined,
        note: (note) => {
          if ("folded" in note) bases.push(note);
          else if (note.state !== null) bases.push(note.state);
        },
      },
      tenantId,
    );
    if (torn > 0)
      losses.push(`${fileNames.segment(number)}: an unfinished write of ${torn} bytes is left out`);
  }
  return { changes, bases };
};

const readDamagedState = async (
  files: Files,
  folder: string,
  bases: readonly StateBase[],
  losses: string[],
): Promise<Salvaged> => {
  const values = new Map<string, Buffer>();
  const state = await readLines(files, folder, fileNames.state);
  const backup = await readLines(files, folder, fileNames.backup);
  const seal = closestSeal(state.seal, bases);
  const isGood = (first: number, last: number): boolean =>
    seal === null ||
    state.seal.pieces
      .slice(Math.floor(first / PIECE), Math.floor(last / PIECE) + 1)
      .every((checksum, index) => checksum === seal.pieces[Math.floor(first / PIECE) + index]);

  let takenFromBackup = 0;
  let keptAsTheyStand = 0;
  for (const { line, offset } of state.lines) {
    const parsed = parseLine(line);
    const place = `${fileNames.state}: the line at byte ${offset}`;
    if (parsed !== null && isGood(offset, offset + line.length)) values.set(parsed.key, parsed.text);
    else if (parsed === null) losses.push(`${place} cannot be read`);
    else {
      const former = backup.byKey.get(parsed.key);
      values.set(parsed.key, former ?? parsed.text);
      if (former === undefined) keptAsTheyStand += 1;
      else takenFromBackup += 1;
    }
  }
  if (takenFromBackup > 0)
    losses.push(`${fileNames.state}: ${takenFromBackup} unverified lines were taken from the backup`);
  if (keptAsTheyStand > 0)
    losses.push(`${fileNames.state}: ${keptAsTheyStand} unverified lines were kept unchanged`);
  // The backup may still have a key whose line is missing.
  if (losses.length > 0) for (const [key, text] of backup.byKey) if (!values.has(key)) values.set(key, text);
  return { values, losses };
};

/** The state file that a damaged one was: the one with the most matching pieces. */
const closestSeal = (found: StateSeal, bases: readonly StateBase[]): StateSeal | null => {
  const agreeing = (seal: StateSeal) =>
    seal.pieces.filter((checksum, index) => checksum === found.pieces[index]).length;
  const best = bases.map(({ seal }) => seal).sort((left, right) => agreeing(right) - agreeing(left))[0];
  return best ?? null;
};

interface Lines {
  seal: StateSeal;
  lines: { line: Buffer; offset: number }[];
  byKey: Map<string, Buffer>;
}

const readLines = async (files: Files, folder: string, name: string): Promise<Lines> => {
  const seal: StateSeal = { bytes: 0, pieces: [] };
  const lines: Lines["lines"] = [];
  const byKey: Lines["byKey"] = new Map();
  const path = join(folder, name);
  if ((await ifThere(files.stat(path))) === null) return { seal, lines, byKey };
  const onPiece = (index: number, checksum: number) => {
    seal.pieces[index] = checksum;
  };
  for await (const { bytes, offset } of readChunks(files, path, { onPiece })) {
    for (let position = 0; position < bytes.length;) {
      const newline = bytes.indexOf(10, position);
      const next = newline === -1 ? bytes.length : newline + 1;
      const line = bytes.subarray(position, newline === -1 ? next : newline);
      if (line.length > 1) lines.push({ line, offset: offset + position });
      position = next;
    }
    seal.bytes = offset + bytes.length;
  }
  for (const { line } of lines) {
    const parsed = parseLine(line);
    if (parsed !== null) byKey.set(parsed.key, parsed.text);
  }
  return { seal, lines, byKey };
};

/** The key and value of a line. The value must be JSON and, for our own records, valid or repairable. */
const parseLine = (line: Buffer): { key: string; text: Buffer } | null => {
  const match = /^"([^"]+)":(.*?),?$/s.exec(line.toString());
  const [, key = "", json = ""] = match ?? [];
  try {
    const value: unknown = JSON.parse(json);
    const tenantEnd = key.indexOf("/", 1) + 1;
    const place = tenantEnd === 0 ? null : placeOf(key, tenantEnd);
    if (place?.id != null && mendRecord(place.collection, value) === null) return null;
    return { key, text: Buffer.from(json) };
  } catch {
    return null;
  }
};
