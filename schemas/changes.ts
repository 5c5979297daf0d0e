import { z } from "zod";
import { Count, Sha256, Timestamp, Uuid, WorkspacePath } from "./primitives.ts";

/** Bytes of a file on the wire: text as it is, anything that is not UTF-8 in base64. */
export const FileContent = z.strictObject({ encoding: z.enum(["utf8", "base64"]), data: z.string() });
export type FileContent = z.infer<typeof FileContent>;

/**
 * One file of a worker's private copy that differs from the workspace it was made from.
 * `content: null` means the file was deleted. A rename is a deletion and a creation.
 */
export const FileChange = z.strictObject({
  path: WorkspacePath,
  /** SHA-256 of the bytes in the workspace; `null` when the file is new. */
  before: Sha256.nullable(),
  content: FileContent.nullable(),
  executable: z.boolean(),
});
export type FileChange = z.infer<typeof FileChange>;

/**
 * Why a changed file needs a look of its own. `executes`: it is executed without being asked each
 * time, such as an editor, git, a package manager or CI. `steers`: it tells agents or tools what to do.
 * `invisible`: the change adds characters that a reader does not see.
 */
export const ChangeMark = z.enum(["executes", "steers", "invisible", "fetches"]);
export type ChangeMark = z.infer<typeof ChangeMark>;

export const ChangeKind = z.enum(["Created", "Modified", "Deleted", "Renamed"]);
export type ChangeKind = z.infer<typeof ChangeKind>;

/** What the user decided about a changed file. `Edited`: accepted in part or after an edit. */
export const ChangeDecision = z.enum(["Pending", "Accepted", "Edited", "Discarded"]);
export type ChangeDecision = z.infer<typeof ChangeDecision>;

/** One file of a change set. The bytes are in the object store under their hash. */
export const ChangedFile = z.strictObject({
  path: WorkspacePath,
  kind: ChangeKind,
  /** The former path of a renamed file. */
  old_path: WorkspacePath.nullable(),
  before: Sha256.nullable(),
  after: Sha256.nullable(),
  executable: z.boolean(),
  binary: z.boolean(),
  lines_added: Count,
  lines_removed: Count,
  decision: ChangeDecision,
  /** A marked file is never applied unless it is named. Left out: none. */
  marks: z.array(ChangeMark).optional(),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/**
 * How a workspace file now compares with a change to it. `Original`: as it was before the
 * change. `Proposed`: as the change leaves it. `Other`: neither.
 */
export const PresentState = z.enum(["Original", "Proposed", "Other"]);
export type PresentState = z.infer<typeof PresentState>;

export const ChangeSetStatus = z.enum(["Pending", "Accepted", "PartlyAccepted", "Discarded"]);
export type ChangeSetStatus = z.infer<typeof ChangeSetStatus>;

/**
 * What agents want to change in the workspace, counted from the workspace as it was when the run
 * began. The user's files change only when it is accepted. The documents leave it open
 * (ExecutionOutput's `files`).
 */
export const ChangeSet = z.strictObject({
  change_set_id: Uuid,
  tenant_id: Uuid,
  task_id: Uuid,
  /** The execution that handed it back; `null` for a merge of several. */
  execution_id: Uuid.nullable(),
  status: ChangeSetStatus,
  files: z.array(ChangedFile),
  /** Why the user discarded files of it, in the user's words. */
  discard_reason: z.string().nullable().default(null),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type ChangeSet = z.infer<typeof ChangeSet>;
