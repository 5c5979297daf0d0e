import { z } from "zod";
import { AgentExecution } from "../execution.ts";
import { Forecast } from "../forecast.ts";
import { Json, Name, Uuid, WorkspacePath } from "../primitives.ts";
import { RunOptions, RunOptionsPatch, RunStatus, Task, TeamRun } from "../run.ts";
import { SharedPackage } from "../shared-package.ts";
import { AgentTeam, FileProblem, TeamMember, WorkflowStage } from "../team.ts";
import { Nothing, page, paging, rated, row } from "./row.ts";

const byTeam = z.strictObject({ team_id: Uuid });
const byTask = z.strictObject({ task_id: Uuid });

/** A run with everything a tree or a report needs of it. */
export const RunDetails = z.strictObject({
  task: Task,
  run: TeamRun,
  executions: z.array(AgentExecution.omit({ input: true })),
});
export type RunDetails = z.infer<typeof RunDetails>;

export const StartRun = z.strictObject({
  /** What is to be done, in the user's words; empty: the workflow's own default for the file. */
  task: z.string().default(""),
  file: WorkspacePath.nullable().default(null),
  data: Json.nullable().default(null),
  options: RunOptions.prefault({}),
});
export type StartRun = z.infer<typeof StartRun>;

/** Methods on teams and their runs. */
export const runMethods = {
  "teams/create": row(
    "admin",
    z.strictObject({
      name: Name,
      description: z.string().max(2000).default(""),
      members: z.array(TeamMember).min(1),
      workflow_stages: z.array(WorkflowStage).min(1),
    }),
    AgentTeam,
    { verb: "POST", path: "/api/agent-teams", status: 201 },
  ),
  "teams/get": row("viewer", byTeam, AgentTeam, { verb: "GET", path: "/api/agent-teams/{team_id}" }),
  "teams/list": row(
    "viewer",
    z.strictObject({ ...paging }),
    page(AgentTeam).extend({
      /** Team files that cannot be used; they keep no other team from working. */
      problems: z.array(FileProblem),
    }),
    { verb: "GET", path: "/api/agent-teams" },
  ),
  "teams/updateMembers": row("admin", byTeam.extend({ members: z.array(TeamMember).min(1) }), AgentTeam, {
    verb: "PUT",
    path: "/api/agent-teams/{team_id}/members",
  }),
  /** A team as one file, to be shared, with the agents that its members name. */
  "teams/export": row("viewer", byTeam, SharedPackage, {
    verb: "GET",
    path: "/api/agent-teams/{team_id}/export",
  }),
  /** Restores a built-in team; the user's edits are discarded. */
  "teams/restore": row("admin", byTeam, AgentTeam, {
    verb: "POST",
    path: "/api/agent-teams/{team_id}/restore",
  }),
  /** Starts a run; answers at once. `team_id` is an id or a name, such as `tdd`. */
  "teams/execute": row("operator", StartRun.extend({ team_id: z.string().min(1) }), TeamRun, {
    verb: "POST",
    path: "/api/agent-teams/{team_id}/execute",
    status: 202,
  }),
  /** What such a run will take, from earlier ones of this workspace; nothing is started. */
  "teams/forecast": row("viewer", StartRun.extend({ team_id: z.string().min(1) }), Forecast, {
    verb: "POST",
    path: "/api/agent-teams/{team_id}/forecast",
  }),
  "teams/delete": row("admin", byTeam, Nothing, {
    verb: "DELETE",
    path: "/api/agent-teams/{team_id}",
    status: 204,
  }),

  "runs/get": row("viewer", byTask, RunDetails, { verb: "GET", path: "/api/team-runs/{task_id}" }),
  "runs/list": row(
    "viewer",
    z.strictObject({ status: RunStatus.optional(), ...paging }),
    page(z.strictObject({ task: Task, run: TeamRun })),
    { verb: "GET", path: "/api/team-runs" },
  ),
  /** Resumes an interrupted or limited run from its last checkpoint. */
  "runs/resume": row("operator", byTask.extend({ options: RunOptionsPatch.default({}) }), TeamRun, {
    verb: "POST",
    path: "/api/team-runs/{task_id}/resume",
    status: 202,
  }),
  /** A new run that takes over everything before `stage` and runs the rest again. */
  "runs/retry": row(
    "operator",
    byTask.extend({
      stage: z.string(),
      options: RunOptionsPatch.default({}),
      /** What the stage is asked in place of its own instruction. */
      prompt: z.string().min(1).nullable().default(null),
    }),
    TeamRun,
    {
      verb: "POST",
      path: "/api/team-runs/{task_id}/retry",
      status: 202,
    },
  ),
  "runs/cancel": row("operator", byTask, TeamRun, { verb: "POST", path: "/api/team-runs/{task_id}/cancel" }),
  /** Rates the last execution of each stage of an ended run. */
  "runs/rate": row("operator", byTask.extend(rated), RunDetails, {
    verb: "POST",
    path: "/api/team-runs/{task_id}/rate",
  }),
  "runs/approve": row("operator", byTask.extend({ stage: z.string(), approved: z.boolean() }), TeamRun, {
    verb: "POST",
    path: "/api/team-runs/{task_id}/approve",
  }),
} as const;
