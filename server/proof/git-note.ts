import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { readWithGit } from "../workspace/run-git.ts";

/** Where the notes with receipts are kept: `refs/notes/coditect`. */
const NOTES = "--ref=coditect";

/** Puts a receipt into the note of the commit that is checked out, in place of an earlier one. */
export const attachNote = async (folder: string, receipt: string, signal: AbortSignal): Promise<void> => {
  const scratch = await mkdtemp(join(tmpdir(), "coditect-note-"));
  try {
    const file = join(scratch, "receipt.json");
    await writeFile(file, receipt);
    await readWithGit(["notes", NOTES, "add", "--force", "--file", file, "HEAD"], { folder, signal });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** The receipt in the note of a commit. Error: `usage` when the commit has none. */
export const readNote = (folder: string, revision: string, signal: AbortSignal): Promise<string> =>
  readWithGit(["notes", NOTES, "show", revision], { folder, signal }).catch(() => {
    throw fail("usage", { problem: `The commit ${revision} has no note with a receipt.` });
  });
