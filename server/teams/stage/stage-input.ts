import { readCutNote } from "../../../schemas/cut-note.ts";
import type { AgentExecution, ContextItem } from "../../../schemas/execution.ts";
import { collectContext } from "../../context/collect-context.ts";
import type { ContextReason } from "../../context/reasons.ts";
import type { Likeness } from "../../context/likeness.ts";
import { SKILLS_ITEM } from "../../context/skills.ts";
import { picturesNamed } from "../../context/pictures.ts";
import { withoutReported } from "../../context/from-editor.ts";
import { taskDataItems } from "../../context/task-data.ts";
import { LESSONS_FILE } from "../../feedback/lessons-file.ts";
import { describeProvider } from "../../models/agent.ts";
import { newExecution } from "../../models/execution.ts";
import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { whatBlocks } from "../../executions/findings.ts";
import type { Store } from "../../store/store.ts";
import { chargeOf, runProvider } from "./charge.ts";
import { howToArgue } from "./argued-mutants.ts";
import { assignmentFor } from "./assignment.ts";
import { visibleSet } from "./held-back.ts";
import { earlierWork } from "./earlier-work.ts";
import { rememberRound } from "./last-round.ts";
import { stateOf } from "../plan.ts";
import { stagePrompt, systemMessage } from "../definition/prompts.ts";
import { mayAsk, stageTools } from "../definition/tools.ts";
import type { StageAssignment, TeamParts } from "./stage-parts.ts";
import type { WorkspaceView } from "./workspace-view.ts";

/** Ranks files by embeddings. The execution pays for them, in the first entry of its transcript. */
const likenessFor = (
  parts: TeamParts,
  { run, task, agent }: StageAssignment,
  execution_id: string,
): Likeness => {
  const charge = chargeOf(execution_id, run, agent, parts.settings);
  return {
    task: task.description,
    embed: (texts, signal) =>
      parts.gateway.embed(texts, charge, {
        signal,
        spent: (spent) =>
          parts.store.transcripts.append(execution_id, [
            { type: "spent", at: parts.now(), turn: 1, ...spent },
          ]),
      }),
  };
};

/** The share of the context's budget that diffs of earlier stages may take. */
const DIFF_SHARE = 0.25;

/** Introduces the project's instructions. They describe how to work, and give no rights and no other task. */
const heedInstructions = (items: readonly ContextItem[]): string =>
  `${items.map(({ name }) => name).join(" and ")} above ${items.length === 1 ? "says" : "say"} how work is done in this project. Follow the instructions that apply to your task and that you are allowed to follow.`;

const heedSkills =
  "The project has skills, which are listed above. Where the description of one fits your task, read its file with read_file and follow it within your rights.";

/** What the agent did in its last round of the stage. */
const rememberedOf = (store: Store, { run, stage }: StageAssignment): string | null => {
  const id = stateOf(run, stage.name).execution_ids.at(-1);
  const last = id === undefined ? null : store.get("executions", id);
  return last === null ? null : rememberRound(last);
};

/** Files are material and not instructions, but this file contains the user's own feedback. */
const heedLessons = `${LESSONS_FILE} above says what the user thought of earlier work here. Heed what of it is about yours.`;

const because = (items: readonly ContextItem[], reason: string): ContextReason[] =>
  items.map(({ name }) => ({ name, reason }));

/** Creates an execution with status Queued and all its input. It is not stored yet. */
export const stageExecution = async (
  parts: TeamParts,
  assignment: StageAssignment,
  view: WorkspaceView,
): Promise<AgentExecution> => {
  const { settings } = parts;
  const { run, task, stage, agent, attempt, signal } = assignment;
  const state = stateOf(run, stage.name);
  const round = state.round + 1;
  const execution_id = randomUUID();
  const context = await collectContext({
    workspace: parts.workspace,
    file: task.file,
    assigned: assignmentFor(parts.store, run)?.files ?? [],
    overlays: view.overlays(),
    budgetTokens: settings.context_tokens,
    instructionFiles: settings.instruction_files,
    forTests: stage.write_access === "tests",
    editor: withoutReported(run.options.editor_context, task),
    isOutdated: (path) => view.isChanged(path),
    likeness: settings.context_embeddings ? likenessFor(parts, assignment, execution_id) : null,
    signal,
  });
  const pictures = await picturesNamed(task.description, parts.workspace, parts.tools.frames, signal);
  const dataItems = await taskDataItems(task.data, parts.workspace, signal);
  const earlier = await earlierWork({
    run,
    stage,
    store: parts.store,
    changes: parts.changes,
    changeSet: visibleSet(run, stage, assignment.startsWith),
    shown: new Set(
      context.items.filter(({ content }) => readCutNote(content) === null).map((item) => item.name),
    ),
    budgetTokens: settings.context_tokens * DIFF_SHARE,
  });
  const { name, model } = describeProvider(runProvider(run, agent, settings) ?? agent.provider);
  const effort = agent.settings.effort ?? settings.effort;
  const lessons = await parts.feedback.lessons();
  const isInstruction = ({ name }: ContextItem): boolean =>
    name !== task.file && context.instructions.has(name);
  const instructions = context.items.filter(isInstruction);
  const material = context.items.filter((item) => !isInstruction(item) && item.name !== LESSONS_FILE);
  const sentBack =
    state.feedback === null
      ? null
      : { feedback: state.feedback, remembered: rememberedOf(parts.store, assignment) };
  const prompt = [
    stagePrompt(stage, agent, task, basename(parts.workspace), sentBack),
    stage.gates.includes("findings") ? whatBlocks : "",
    instructions.length === 0 ? "" : heedInstructions(instructions),
    howToArgue(state.feedback ?? ""),
    material.some(({ name }) => name === SKILLS_ITEM) ? heedSkills : "",
    lessons === null ? "" : heedLessons,
  ].filter((text) => text !== "");
  return newExecution(
    {
      execution_id,
      task_id: task.task_id,
      tenant_id: task.tenant_id,
      input: {
        system_message: systemMessage(agent, stage.name, round),
        prompt: prompt.join("\n\n"),
        context: [
          ...instructions,
          ...(lessons === null ? [] : [lessons]),
          ...material,
          ...pictures.items,
          ...dataItems,
          ...earlier,
        ],
        parameters: {
          temperature: agent.settings.temperature,
          max_tokens: agent.settings.max_tokens,
          ...(agent.settings.max_tokens_by !== undefined && { max_tokens_by: agent.settings.max_tokens_by }),
          ...(effort !== null && { effort }),
          max_turns: stage.max_turns,
          timeout_seconds: stage.timeout_seconds,
          write_access:
            run.options.allow_test_changes && stage.write_access === "sources" ? "all" : stage.write_access,
          test_command: run.options.test_command,
        },
        tools: [
          ...stageTools(stage, agent, settings.allowed_commands.length > 0 || mayAsk(run.options, settings)),
          ...(await parts.tools.offers(agent, stage.tools)),
        ],
      },
      metadata: {
        agent_id: agent.agent_id,
        agent_type: agent.agent_type,
        agent_name: agent.name,
        provider: name,
        model,
        answered_by: [],
        team_id: run.team_id,
        stage: stage.name,
        round,
        gates: [],
        change_set_id: null,
        context_left_out: [...context.left_out, ...pictures.left_out],
        context_reasons: [
          ...context.reasons.filter(({ name }) => name !== LESSONS_FILE),
          ...because(lessons === null ? [] : [lessons], "it says what the user thought of earlier work"),
          ...because(pictures.items, "the task names it"),
          ...because(dataItems, "the task is about it"),
          ...because(earlier, "an earlier stage produced it"),
        ],
        rating: null,
        exposure: parts.tools.exposure(agent, []),
        ...(attempt !== null && { attempt: { number: attempt, held_back: null, mutants: null } }),
      },
    },
    parts.now(),
  );
};
