import { merge } from "node-diff3";
import { decodeText, encodeText } from "./encoding.ts";

/** Files beyond this are never merged: finding their common lines takes too long. */
const MERGE_BYTES = 2 * 1024 * 1024;

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/**
 * The merged changes of both sides to `base`; `null` if they overlap, or if the files are not text with the
 * same encoding.
 */
export const mergeThreeWay = (base: Buffer, ours: Buffer, theirs: Buffer): Buffer | null => {
  if (ours.equals(theirs) || theirs.equals(base)) return ours;
  if (ours.equals(base)) return theirs;
  if ([base, ours, theirs].some((bytes) => bytes.length > MERGE_BYTES)) return null;
  const [original, left, right] = [decodeText(base), decodeText(ours), decodeText(theirs)];
  if (original === null || left === null || right === null) return null;
  if (left.encoding !== original.encoding || right.encoding !== original.encoding) return null;
  const { conflict, result } = merge(linesOf(left.text), linesOf(original.text), linesOf(right.text), {
    excludeFalseConflicts: true,
  });
  return conflict ? null : encodeText(result.join(""), original.encoding, "the merged file");
};
