import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { z } from "zod";

/** A Mermaid diagram in a Markdown text, and the first line of its text. */
export interface Diagram {
  line: number;
  text: string;
}

const DEADLINE_MS = 10_000;
const MEMORY_MB = 256;
const fence = /^ {0,3}(`{3,}|~{3,})[ \t]*mermaid\b[^\n]*\n([\s\S]*?)^ {0,3}\1/gim;

/** The Mermaid diagrams of a Markdown text, in order. */
export const diagramsIn = (markdown: string): Diagram[] =>
  [...markdown.replaceAll("\r\n", "\n").matchAll(fence)].map(({ 0: block, 2: text = "", index, input }) => ({
    line: input.slice(0, index + block.indexOf("\n")).split("\n").length + 1,
    text,
  }));

/**
 * Mermaid's errors for the diagrams that it cannot read. They are parsed in a separate thread with a deadline and
 * a memory cap, because some texts keep a parser busy forever.
 */
export const brokenDiagrams = async <D extends Diagram>(
  diagrams: readonly D[],
  signal: AbortSignal,
): Promise<{ diagram: D; problem: string }[]> => {
  if (diagrams.length === 0) return [];
  const problems = await problemsOf(diagrams, signal);
  return diagrams.flatMap((diagram, at) => {
    // A thread that was stopped has no answer for the current diagram and the ones after it.
    const problem = at < problems.length ? problems[at] : "it, or one before it, takes too long to read.";
    return typeof problem === "string" ? [{ diagram, problem }] : [];
  });
};

const problemsOf = async (diagrams: readonly Diagram[], signal: AbortSignal) => {
  const problems: (string | null)[] = [];
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const thread = await startThread(diagrams.map(({ text }) => text));
  thread.on("message", (problem) => problems.push(z.string().nullable().parse(problem)));
  try {
    await once(thread, "exit", { signal: AbortSignal.any([signal, deadline]) });
  } catch (thrown) {
    if (!deadline.aborted && !isOutOfMemory(thrown)) throw thrown;
  } finally {
    await thread.terminate();
  }
  return problems;
};

const isOutOfMemory = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === "ERR_WORKER_OUT_OF_MEMORY";

const startThread = async (diagrams: string[]): Promise<Worker> => {
  // Loaded here, because it takes Node five milliseconds, and every run would wait for it.
  const { Worker } = await import("node:worker_threads");
  // In a bundle, the thread's file is next to this one. From source, it is the module itself.
  const entry = import.meta.url.endsWith(".ts") ? "./diagram-thread.ts" : "./diagrams.js";
  return new Worker(new URL(entry, import.meta.url), {
    workerData: diagrams,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
};
