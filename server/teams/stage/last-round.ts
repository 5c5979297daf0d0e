import { z } from "zod";
import type { AgentExecution } from "../../../schemas/execution.ts";

const LONGEST_SUMMARY = 1500;
const MOST_PATHS = 30;

const ReadPath = z.object({ path: z.string() });

/** What an agent did and said in its last round, so that the next one need not find it out again. */
export const rememberRound = ({ output }: AgentExecution): string => {
  if (output === null) return "";
  const read = output.tool_calls.flatMap((call) => {
    const input = call.tool === "read_file" && call.success ? ReadPath.safeParse(call.input).data : undefined;
    return input === undefined ? [] : [input.path];
  });
  const paths = [...new Set(read)].slice(0, MOST_PATHS);
  const summary = output.result.trim().slice(0, LONGEST_SUMMARY);
  return [
    summary === "" ? "" : `You said of it then:\n${summary}`,
    paths.length === 0 ? "" : `You had read: ${paths.join(", ")}.`,
  ]
    .filter((text) => text !== "")
    .join("\n\n");
};
