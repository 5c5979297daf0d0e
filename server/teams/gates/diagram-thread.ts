import DOMPurify from "dompurify";
import mermaid from "mermaid";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";

// Mermaid's parsers pass every label through a sanitiser, which has no methods without a page. Nothing is
// drawn here, so it need not do anything.
Object.assign(DOMPurify, { addHook: () => undefined, sanitize: (text: string) => text });

/** Why Mermaid cannot read a diagram; null if it can. */
const problemOf = async (diagram: string): Promise<string | null> => {
  try {
    await mermaid.parse(diagram);
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
};

/** Parses diagrams one after another, because Mermaid keeps state. Sends one answer for each. */
const run = async (): Promise<void> => {
  for (const diagram of z.array(z.string()).parse(workerData))
    parentPort?.postMessage(await problemOf(diagram));
};
void run();
