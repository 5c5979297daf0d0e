import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { progressOf } from "./progress.ts";
import { asText, reporting } from "./results.ts";

/**
 * Judges the changes in the workspace since a revision. Reports each gate, and returns the whole result as
 * Markdown.
 */
export type Prover = (base: string, told: (line: string) => void, signal: AbortSignal) => Promise<string>;

/** The tool that an agent calls before it reports that it is done. */
export const addProveTool = (server: McpServer, prove: Prover): void => {
  server.registerTool(
    "prove_change",
    {
      title: "Prove a change",
      description:
        "Judges what changed in the workspace since a revision, whoever changed it: its tests fail without " +
        "the change and pass with it, nothing else broke, the tests notice small mutations of the changed " +
        "lines, each part of the change is needed by a test, and the tests are stable. Says which gate did " +
        "not hold and why. Call it before you report that a task is done. The workspace is only read.",
      inputSchema: z.object({
        base: z
          .string()
          .regex(/^[\w@][\w./@{}~^-]*$/)
          .default("HEAD")
          .describe("The revision the change is made from; HEAD judges what is not committed yet"),
      }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ base }, { mcpReq }) =>
      reporting(async () => {
        const tell = progressOf(mcpReq);
        const told = (message: string): void => {
          // A client that no longer listens misses nothing, because the answer contains everything.
          tell(message).catch(() => undefined);
        };
        return asText(await prove(base, told, mcpReq.signal));
      }),
  );
};
