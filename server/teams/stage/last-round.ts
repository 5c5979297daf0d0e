import type { AgentExecution } from "../../../schemas/execution.ts";
import { pathsRead } from "./tool-calls.ts";

const LONGEST_SUMMARY = 1500;
const MOST_PATHS = 30;

/** What an agent did and said in its last round, so that the next one need not find it out again. */
export const rememberRound = ({ output }: AgentExecution): string => {
  if (output === null) return "";
  const paths = pathsRead(output).slice(0, MOST_PATHS);
  const summary = output.result.trim().slice(0, LONGEST_SUMMARY);
  return [
    summary === "" ? "" : `You said of it then:\n${summary}`,
    paths.length === 0 ? "" : `You had read: ${paths.join(", ")}.`,
  ]
    .filter((text) => text !== "")
    .join("\n\n");
};
