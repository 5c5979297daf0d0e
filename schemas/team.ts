import { z } from "zod";
import { AgentCapability, AgentSettings, AgentType, AIProvider, CustomType } from "./agent.ts";
import { GateName, WriteAccess } from "./gates.ts";
import { WireError } from "./errors.ts";
import { Count, Name, patchOf, Timestamp, Uuid, WorkspacePath } from "./primitives.ts";

const StageName = z.string().regex(/^[a-z][a-z0-9-]*$/, "must be lower-case words joined with -");

/** One agent of a team. The documents name `members` and leave its fields open. */
export const TeamMember = z.strictObject({
  /** The agent configuration; `null`: the tenant's default agent of that type. */
  agent_id: Uuid.nullable().default(null),
  /** What stages call it, such as `coder`. */
  role: StageName,
  agent_type: AgentType,
});
export type TeamMember = z.infer<typeof TeamMember>;

/**
 * When a stage runs; a stage whose condition is false is skipped and counts as done.
 * `documentation_needed`: unless an Orchestrator of the run said that no document has to change.
 */
const StageCondition = z.enum(["always", "has_findings", "has_changes", "documentation_needed"]);
type StageCondition = z.infer<typeof StageCondition>;

/** Where a stage is sent back to when a gate does not hold, and how often. */
const StageLoop = z.strictObject({
  /** The stage that gets the failure as feedback: this one or one it depends on. */
  back_to: StageName,
  /** How often at most; then the run ends with the failed gate. */
  max_rounds: Count.max(10),
});
type StageLoop = z.infer<typeof StageLoop>;

/** Most attempts at one stage. */
const MOST_ATTEMPTS = 8;

/** How often the first round of a stage is attempted in parallel. */
export const Attempts = Count.min(1).max(MOST_ATTEMPTS);

/** How one of several attempts at a stage differs; what is left out is as in the stage. */
export const StageVariation = z.strictObject({
  /** Role of the member that does it. */
  member: StageName.optional(),
  /** The service it asks, and the model there; a provider of the whole run comes first. */
  provider: AIProvider.optional(),
  /** How freely the model answers. */
  temperature: z.number().min(0).max(1).optional(),
  /** Added to the instruction of the stage. */
  prompt: z.string().min(1).optional(),
});
export type StageVariation = z.infer<typeof StageVariation>;

/**
 * One stage of a workflow. The documents name `workflow_stages` and leave its fields open. Stages
 * form a directed acyclic graph; those whose dependencies are done run in parallel.
 */
export const WorkflowStage = z.strictObject({
  /** What other stages and people call it. */
  name: StageName,
  /** Role of the member that does it. */
  member: StageName,
  /** Stages that must be done before it. */
  depends_on: z.array(StageName).default([]),
  /** Instruction; may name `{{task}}`, `{{file}}`, `{{workspace}}`. */
  prompt: z.string().min(1),
  /** Which files of its private copy it may write. */
  write_access: WriteAccess.default("none"),
  /** Tools offered; `null`: all that the write access allows. */
  tools: z.array(z.string()).nullable().default(null),
  /** Gates proven after it, in this order. */
  gates: z.array(GateName).default([]),
  /** Where work goes back to when a gate does not hold; `null`: the run ends there. */
  on_failure: StageLoop.nullable().default(null),
  /** Stages whose results are given as ContextItems; `null`: those it depends on. */
  inputs: z.array(StageName).nullable().default(null),
  /** When it runs; a stage whose condition is false is skipped and counts as done. */
  condition: StageCondition.default("always"),
  /** The run waits for a person's consent before this stage. */
  approval: z.boolean().default(false),
  /** Most answers of the model. */
  max_turns: Count.min(1).default(40),
  /** Deadline of each round, in seconds. */
  timeout_seconds: Count.min(1).default(1800),
  /** How many agents work on its first round in parallel, each on a copy of its own; left out: one. */
  attempts: Attempts.optional(),
  /** How the attempts differ, the first one first; left out: each but the first gets other advice. */
  variations: z.array(StageVariation).min(1).max(MOST_ATTEMPTS).optional(),
});
export type WorkflowStage = z.infer<typeof WorkflowStage>;

/** A team and its workflow. Documents: "AgentTeam Structure". */
export const AgentTeam = z.strictObject({
  team_id: Uuid,
  tenant_id: Uuid,
  name: z.string().min(1),
  description: z.string(),
  members: z.array(TeamMember).min(1),
  workflow_stages: z.array(WorkflowStage).min(1),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type AgentTeam = z.infer<typeof AgentTeam>;

/** A documented type of agents, or one that an agent file makes. */
const TypeName = z.union([AgentType, CustomType]);

/** `.coditect/agents/NAME.json`: an agent as people write it; what is left out has its default. */
export const AgentFile = z.strictObject({
  $schema: z.string().optional(),
  /** What people and team files call it. */
  name: Name,
  /** What the agent does; its capabilities and standard prompt follow from it. Or a custom type: a new word. */
  agent_type: TypeName,
  /** The documented type that a custom type is based on; left out for documented types. */
  base_type: AgentType.optional(),
  /** What it can do; left out: what its type can. */
  capabilities: z.array(AgentCapability).optional(),
  /** The service it asks, and the model there; left out: what the settings say. */
  provider: AIProvider.optional(),
  /** What it does otherwise than others of its type. */
  settings: patchOf(AgentSettings).optional(),
});
export type AgentFile = z.infer<typeof AgentFile>;

/** `.coditect/teams/NAME.json`: a team as people write it; members may name agent files. */
export const TeamFile = z.strictObject({
  $schema: z.string().optional(),
  /** What people call it: `coditect run NAME`. */
  name: Name,
  /** What it is for. */
  description: z.string().max(2000).default(""),
  /** The agents it consists of. */
  members: z
    .array(
      z.strictObject({
        /** What stages call it, such as `coder`. */
        role: StageName,
        /** What it does: a type of agents, or one's own that an agent file has. */
        agent_type: TypeName,
        /** Name of an agent file; left out: the default agent of that type, or the file that defines the custom type. */
        agent: z.string().optional(),
      }),
    )
    .min(1),
  /** What is done, in which order: stages whose dependencies are done run in parallel. */
  workflow_stages: z.array(WorkflowStage).min(1),
});
export type TeamFile = z.infer<typeof TeamFile>;

/** A team file that cannot be used, and why. `data.line` is the line of its first mistake. */
export const FileProblem = WireError.extend({ path: WorkspacePath });
export type FileProblem = z.infer<typeof FileProblem>;
