import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { callGit } from "../workspace/run-git.ts";

/** Where the notes with receipts are kept: `refs/notes/coditect`. */
const NOTES = "--ref=coditect";

/** Puts a receipt into the note of the commit that is checked out, in place of an earlier one. */
export const attachNote = async (folder: string, receipt: string, signal: AbortSignal): Promise<void> => {
  const scratch = await mkdtemp(join(tmpdir(), "coditect-note-"));
  try {
    const file = join(scratch, "receipt.json");
    await writeFile(file, receipt);
    const identity = await identityFor(folder, signal);
    await callGit([...identity, "notes", NOTES, "add", "--force", "--file", file, "HEAD"], {
      folder,
      signal,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** A note is a commit, and a machine of a CI service has often no name to make one with. */
const identityFor = (folder: string, signal: AbortSignal): Promise<string[]> =>
  callGit(["var", "GIT_COMMITTER_IDENT"], { folder, signal }).then(
    () => [],
    () => ["-c", "user.name=CODITECT", "-c", "user.email=coditect@localhost"],
  );

/** The receipt in the note of a commit. Error: `usage` when the commit has none. */
export const readNote = (folder: string, revision: string, signal: AbortSignal): Promise<string> =>
  callGit(["notes", NOTES, "show", revision], { folder, signal }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw fail("usage", { problem: `The commit ${revision} has no note with a receipt.` }, { cause });
  });
