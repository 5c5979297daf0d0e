import type { AgentExecution, ContextItem, ToolCall } from "../../../schemas/execution.ts";
import { CutValue } from "../../../schemas/execution.ts";
import { ToolName } from "../../../schemas/tools.ts";
import { estimateTokens } from "../../gateway/tokens.ts";
import type { Transcripts } from "../../store/store.ts";

/** The runtime's own tools, which find other tools and read long results. */
const gatewayTools: ReadonlySet<string> = new Set(["find_tools", "read_result"]);

/** Whether an outside service answered. Only tools of an instance have the names of our own tools. */
const isOfService = ({ tool, success }: ToolCall): boolean =>
  success && !ToolName.safeParse(tool).success && !gatewayTools.has(tool);

/** The whole answer of a call. If its record was shortened, the answer is read from the transcript. */
const answerOf = async ({ output }: ToolCall, transcripts: Pick<Transcripts, "read">): Promise<string> => {
  const cut = CutValue.safeParse(output);
  if (!cut.success) return typeof output === "string" ? output : JSON.stringify(output);
  const { execution_id, entry } = cut.data.transcript;
  const [line] = await transcripts.read(execution_id, entry);
  return line?.type === "tool" ? line.outcome.content : cut.data.cut;
};

const isJson = (text: string): boolean => /^\s*[[{]/.test(text);

/**
 * The answers of services to an earlier stage, so that a stage which builds on it need not ask again. Documents:
 * "ContextType", `ApiResponse`. Repeated calls count once, with the last answer. Answers that do not fit the budget
 * are left out.
 */
export const apiResponses = async (
  { output }: AgentExecution,
  transcripts: Pick<Transcripts, "read">,
  budgetTokens: number,
): Promise<{ items: ContextItem[]; tokens: number }> => {
  const calls = new Map(
    (output?.tool_calls ?? [])
      .filter(isOfService)
      .map((call) => [`${call.tool} ${JSON.stringify(call.input)}`, call]),
  );
  const items: ContextItem[] = [];
  let tokens = 0;
  for (const [name, call] of calls) {
    const content = await answerOf(call, transcripts);
    const cost = estimateTokens(content);
    if (tokens + cost > budgetTokens) continue;
    tokens += cost;
    const mime_type = isJson(content) ? "application/json" : "text/plain";
    items.push({ context_type: "ApiResponse", name, content, mime_type });
  }
  return { items, tokens };
};
