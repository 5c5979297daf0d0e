import type { RuntimeEvent } from "../../../../schemas/events.ts";
import type { Connection } from "../../../hosting/connection.ts";
import type { CommandContext } from "../display/terminal.ts";

type Pulling = Extract<RuntimeEvent, { type: "model.pulling" }>;

const progressText = ({ status, completed, total }: Pulling): string =>
  total === 0
    ? status
    : `${status}: ${Math.floor((100 * completed) / total)} % of ${(total / 1e9).toFixed(1)} GB`;

/** Pulls a model into the configured Ollama. `tell` gets each step. Omitted: a line for people. */
export const pullWithProgress = async (
  model: string,
  connection: Connection,
  { terminal }: Pick<CommandContext, "terminal">,
  tell: (event: Pulling) => void = (event) => {
    terminal.err(`${progressText(event)}\n`);
  },
): Promise<void> => {
  const stop = connection.subscribe((event) => {
    if (event.type === "model.pulling" && event.model === model) tell(event);
  });
  try {
    await connection.call("models/pull", { model });
  } finally {
    stop();
  }
};
