/** Something about a state folder that should not be so. */
export interface Problem {
  /** What it is, in words. */
  kind: string;
  /** The key or file it was found at. */
  where: string;
  /** What `--repair` does about it; null: it cannot be derived from the rest. */
  repair: string | null;
}
