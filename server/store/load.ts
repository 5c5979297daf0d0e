import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { StateDocument } from "./document.ts";
import { fileNames, ifThere, listSegments, type Chunk, type Files } from "./files.ts";
import type { ClosedSegment } from "./journal.ts";
import {
  damagedAt,
  readHeader,
  readSegment,
  type Header,
  type StateBase,
  type StateSeal,
} from "./journal-format.ts";
import { newSlab, type Slab } from "./memory.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { checkSeal, readState, sameSeal } from "./state-file.ts";

/** The contents of a state folder, as far as the journal needs them to continue. */
export interface Loaded {
  document: StateDocument;
  /** The state file and up to which segment it contains the journal; null if there is none. */
  base: StateBase | null;
  /** Segments that may not yet be contained in the state file. */
  segments: ClosedSegment[];
  /** The number of the last block. */
  sequence: number;
  /** Bytes from a process that was killed while it wrote. They were never acknowledged. */
  torn: number;
  /** Segments whose creation was cut off. */
  unfinished: number[];
}

/** Reads the state file and the journal. Throws `state_damaged` instead of guessing. */
export const loadState = async (files: Files, folder: string, tenantId: string): Promise<Loaded> => {
  const document = new StateDocument(tenantId);
  const load = loaderInto(document);
  const hasState = (await ifThere(files.stat(join(folder, fileNames.state)))) !== null;
  const seal = hasState ? await readState(files, folder, fileNames.state, load) : null;

  const { headers, unfinished } = await readHeaders(files, folder);
  const bases: (StateBase | null)[] = headers.slice(0, 1).map(({ header }) => header.state);
  const segments: ClosedSegment[] = [];
  let sequence: number | null = null;
  let torn = 0;
  for (const [index, { number }] of headers.entries()) {
    const to = headers[index + 1]?.header.previous?.bytes ?? Infinity;
    let hasChanges = false;
    const read = await readSegment(
      files,
      { folder, segment: number, sequence, to },
      {
        put: (key, chunk, start, length) => {
          hasChanges = true;
          load(key, chunk, start, length);
        },
        remove: (key) => {
          hasChanges = true;
          document.loadRemoved(key);
        },
        join: (list) => {
          document.loadJoined(list);
        },
        leave: (list) => {
          document.loadLeft(list);
        },
        note: (note) => {
          if ("folded" in note) bases.push(note);
        },
      },
      tenantId,
    );
    if (to !== Infinity && read.end !== to) throw damagedAt(number, read.end);
    segments.push({ number, bytes: read.end, sequence: read.first - 1, hasChanges });
    sequence = read.chain.sequence;
    torn = read.torn;
  }
  const base = findBase(seal, bases, headers[0]?.number ?? null);
  const version = document.schemaVersion ?? 0;
  if (version > SCHEMA_VERSION)
    throw fail("state_newer", { file: fileNames.state, found: version, known: SCHEMA_VERSION });
  await document.finishLoading();
  return { document, base, segments, sequence: sequence ?? 0, torn, unfinished };
};

const loaderInto = (document: StateDocument) => {
  const slabs = new WeakMap<Chunk, Slab>();
  return (key: string, chunk: Chunk, start: number, length: number): void => {
    const slab = slabs.get(chunk) ?? newSlab(chunk.bytes, "loaded");
    slabs.set(chunk, slab);
    document.load(key, slab, start, length);
  };
};

interface Headers {
  headers: { number: number; header: Header }[];
  unfinished: number[];
}

/** Segments with their headers. If the header of the last one is incomplete, the segment contains nothing. */
const readHeaders = async (files: Files, folder: string): Promise<Headers> => {
  const headers: Headers["headers"] = [];
  const unfinished: number[] = [];
  for (const number of await listSegments(files, folder)) {
    const header = await readHeader(files, folder, number);
    if (header === null) {
      unfinished.push(number);
      continue;
    }
    const last = headers.at(-1);
    if (unfinished.length > 0 || (last !== undefined && header.previous?.segment !== last.number))
      throw damagedAt(unfinished[0] ?? (last?.number ?? 0) + 1, 0);
    headers.push({ number, header });
  }
  return { headers, unfinished };
};

/** Finds out which segments the state file contains. The journal must know this state file. */
const findBase = (
  seal: StateSeal | null,
  bases: readonly (StateBase | null)[],
  firstSegment: number | null,
): StateBase | null => {
  // Without a journal, there is nothing to compare with: somebody put the state file here by hand.
  if (firstSegment === null) return seal === null ? null : { folded: 0, seal };
  const known = bases.filter((base) => base !== null);
  // This takes the last match, because folding without changes creates the same file again.
  const base = known.findLast((each) => seal !== null && sameSeal(seal, each.seal)) ?? null;
  if (base === null && seal === null && bases[0] === null && firstSegment === 1) return null;
  if (base === null)
    checkSeal(seal ?? { bytes: 0, pieces: [] }, known.at(-1)?.seal ?? { bytes: 0, pieces: [] });
  if (base !== null && base.folded + 1 < firstSegment) throw damagedAt(base.folded + 1, 0);
  return base;
};
