/** A problem of a state folder. */
export interface Problem {
  /** A description. */
  kind: string;
  /** The key or file that has the problem. */
  where: string;
  /** What `--repair` does about it; null if the data cannot be derived from the rest. */
  repair: string | null;
}
