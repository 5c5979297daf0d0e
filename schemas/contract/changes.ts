import { z } from "zod";
import { ChangeSet, FileContent, PresentState } from "../changes.ts";
import { Finding, FindingStatus } from "../findings.ts";
import { Lesson } from "../lessons.ts";
import { Count, Uuid, WorkspacePath } from "../primitives.ts";
import { Nothing, page, paging, row } from "./row.ts";

const byTask = z.strictObject({ task_id: Uuid });

/** An attempt of a run, by its number; of the last stage that was attempted several times. */
const AttemptNumber = Count.min(1).optional();

/** One file of a change set with both texts, for a diff. */
export const ChangeContent = z.strictObject({
  path: WorkspacePath,
  before: FileContent.nullable(),
  after: FileContent.nullable(),
});
export type ChangeContent = z.infer<typeof ChangeContent>;

/** What came of applying a change set, file by file. `conflict`: nothing was written there. */
export const AppliedFile = z.strictObject({
  path: WorkspacePath,
  result: z.enum(["written", "merged", "unchanged", "conflict"]),
});
export type AppliedFile = z.infer<typeof AppliedFile>;

/** Methods on what a run hands back, changes and findings, and on what was learned from feedback. */
export const changeMethods = {
  "changes/get": row(
    "viewer",
    byTask.extend({
      include_content: z.boolean().default(false),
      /** Of this attempt instead of the run: what its agent left when it ended, the tests among it. */
      attempt: AttemptNumber,
      /** From what this attempt left, instead of from the workspace as it was. */
      against: AttemptNumber,
    }),
    z.strictObject({
      change_set: ChangeSet,
      contents: z.array(ChangeContent),
      diff: z.string(),
      /** What each file is in the workspace now, on the disk. */
      present: z.array(z.strictObject({ path: WorkspacePath, state: PresentState })),
    }),
    { verb: "GET", path: "/api/team-runs/{task_id}/changes" },
  ),
  /** Writes the change set, or some of its files, into the workspace; merges where that is clean. */
  "changes/apply": row(
    "operator",
    byTask.extend({ paths: z.array(WorkspacePath).nullable().default(null) }),
    z.strictObject({ change_set: ChangeSet, files: z.array(AppliedFile) }),
    { verb: "POST", path: "/api/team-runs/{task_id}/changes/apply" },
  ),
  /** Records what the user's editor applied itself; writes nothing. */
  "changes/decide": row(
    "operator",
    byTask.extend({ paths: z.array(WorkspacePath), decision: z.enum(["Accepted", "Edited", "Discarded"]) }),
    ChangeSet,
    { verb: "POST", path: "/api/team-runs/{task_id}/changes/decide" },
  ),
  "changes/discard": row(
    "operator",
    byTask.extend({
      paths: z.array(WorkspacePath).nullable().default(null),
      /** Why, as guidance for later runs. */
      reason: z.string().min(1).nullable().default(null),
    }),
    ChangeSet,
    {
      verb: "POST",
      path: "/api/team-runs/{task_id}/changes/discard",
    },
  ),

  "findings/list": row(
    "viewer",
    z.strictObject({
      task_id: Uuid.optional(),
      path: WorkspacePath.optional(),
      status: FindingStatus.optional(),
      ...paging,
    }),
    page(Finding),
    { verb: "GET", path: "/api/findings" },
  ),
  "findings/dismiss": row(
    "operator",
    z.strictObject({
      finding_id: Uuid,
      /** Why, in the user's words, as guidance for later runs. `null`: no reason was given. */
      reason: z.string().min(1).nullable(),
    }),
    Finding,
    {
      verb: "POST",
      path: "/api/findings/{finding_id}/dismiss",
    },
  ),
  /** Confirms that the mutant of this finding makes no difference. Errors: `not_confirmable`. */
  "findings/confirm": row("operator", z.strictObject({ finding_id: Uuid }), Finding, {
    verb: "POST",
    path: "/api/findings/{finding_id}/confirm",
  }),
  "findings/resolve": row(
    "operator",
    z.strictObject({ finding_id: Uuid, status: z.enum(["Fixed", "Outdated"]) }),
    Finding,
    {
      verb: "POST",
      path: "/api/findings/{finding_id}/resolve",
    },
  ),

  /** The entries of `.coditect/lessons.md`, oldest first. */
  "lessons/list": row("viewer", Nothing, z.strictObject({ items: z.array(Lesson) }), {
    verb: "GET",
    path: "/api/lessons",
  }),
  /** Takes a lesson out of the file; the same feedback does not bring it back. */
  "lessons/reject": row("operator", Lesson.pick({ lesson_id: true }), Nothing, {
    verb: "DELETE",
    path: "/api/lessons/{lesson_id}",
    status: 204,
  }),
} as const;
