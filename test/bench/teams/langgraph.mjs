// LangGraph.js with its SQLite saver, each step's checkpoint written before the next step.
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import Database from "better-sqlite3";
import { firstMessages, folder, isFinished, reportWritten, steps, syncs, takeStep } from "./step.mjs";

const State = Annotation.Root({
  messages: Annotation({ reducer: (all, added) => [...all, ...added], default: () => [] }),
});
const database = new Database(`${folder}/state.sqlite`);
if (syncs) database.pragma("synchronous = FULL");
const checkpointer = new SqliteSaver(database);
const graph = new StateGraph(State)
  .addNode("step", async ({ messages }) => ({ messages: await takeStep(messages) }))
  .addEdge(START, "step")
  .addConditionalEdges("step", ({ messages }) => (isFinished(messages) ? END : "step"))
  .compile({ checkpointer });
await graph.invoke(
  { messages: firstMessages },
  { configurable: { thread_id: "run" }, durability: "sync", recursionLimit: steps + 10 },
);
reportWritten(database.pragma("synchronous", { simple: true }));
