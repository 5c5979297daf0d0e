// Mastra's workflow engine with its LibSQL store, which keeps a snapshot after each step.
import { Mastra } from "@mastra/core/mastra";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { LibSQLStore } from "@mastra/libsql";
import { z } from "zod";
import { firstMessages, folder, isFinished, reportWritten, syncs, takeStep } from "./step.mjs";

const State = z.object({ messages: z.array(z.any()) });
const step = createStep({
  id: "step",
  inputSchema: State,
  outputSchema: State,
  execute: async ({ inputData: { messages } }) => ({
    messages: [...messages, ...(await takeStep(messages))],
  }),
});
const steps = createWorkflow({ id: "steps", inputSchema: State, outputSchema: State })
  .dountil(step, async ({ inputData: { messages } }) => isFinished(messages))
  .commit();
const storage = new LibSQLStore({ id: "bench", url: `file:${folder}/state.db` });
await storage.init();
if (syncs) await storage.client.execute("PRAGMA synchronous = FULL");
const mastra = new Mastra({ workflows: { steps }, storage, logger: false });
const run = await mastra.getWorkflow("steps").createRun();
const result = await run.start({ inputData: { messages: firstMessages } });
if (result.status !== "success") throw new Error(`it ended as ${result.status}`, { cause: result.error });
const { rows } = await storage.client.execute("PRAGMA synchronous");
reportWritten(rows[0][0]);
