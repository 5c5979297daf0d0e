import { CoditectError } from "../../../schemas/errors.ts";

/** The result of a tool as text for the agent. */
export const asText = (text: string) => ({ content: [{ type: "text" as const, text }] });

/** Errors of the catalogue become results, because the agent that called can often correct them. */
export const reporting = async (work: () => Promise<ReturnType<typeof asText>>) => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    const next = error.nextStep === null ? "" : `\n${error.nextStep}`;
    return { ...asText(`${error.code}: ${error.message}${next}`), isError: true };
  }
};
