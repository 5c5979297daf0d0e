import { diffText } from "./patch.ts";

/** A file that went, or one that came, with its bytes. */
export interface Candidate {
  path: string;
  sha256: string;
  bytes: Buffer;
}

/** Share of common content from which git, too, speaks of a rename. */
const SIMILAR = 0.5;
/** More pairs than this are not compared; equal bytes are found all the same. */
const MOST_PAIRS = 10_000;

const lineCounts = (bytes: Buffer): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const line of diffText(bytes)?.split("\n") ?? []) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
};

/** Share of characters in lines that both texts have; 0 for binary files. */
const similarity = (left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): number => {
  let common = 0;
  let leftSize = 0;
  let rightSize = 0;
  for (const [line, count] of left) {
    leftSize += (line.length + 1) * count;
    common += (line.length + 1) * Math.min(count, right.get(line) ?? 0);
  }
  for (const [line, count] of right) rightSize += (line.length + 1) * count;
  return leftSize === 0 || rightSize === 0 ? 0 : common / Math.max(leftSize, rightSize);
};

/**
 * New path → former path: equal bytes first, then the most similar texts. Empty files are never
 * renames: they are all alike.
 */
export const findRenames = (
  deleted: readonly Candidate[],
  created: readonly Candidate[],
): ReadonlyMap<string, string> => {
  const renames = new Map<string, string>();
  const taken = new Set<string>();
  const pair = (from: Candidate, to: Candidate): void => {
    if (taken.has(from.path) || renames.has(to.path)) return;
    taken.add(from.path);
    renames.set(to.path, from.path);
  };

  const from = deleted.filter(({ bytes }) => bytes.length > 0);
  const to = created.filter(({ bytes }) => bytes.length > 0);
  for (const file of to) {
    const same = from.find(({ sha256, path }) => sha256 === file.sha256 && !taken.has(path));
    if (same !== undefined) pair(same, file);
  }
  if (from.length * to.length > MOST_PAIRS) return renames;

  const texts = new Map([...from, ...to].map((file) => [file, lineCounts(file.bytes)]));
  const empty: ReadonlyMap<string, number> = new Map();
  from
    .flatMap((old) =>
      to.map((file) => ({
        old,
        file,
        share: similarity(texts.get(old) ?? empty, texts.get(file) ?? empty),
      })),
    )
    .filter(({ share }) => share >= SIMILAR)
    .sort((a, b) => b.share - a.share)
    .forEach(({ old, file }) => {
      pair(old, file);
    });
  return renames;
};
