import type { Json } from "../../../schemas/primitives.ts";

const isOdd = (text: string, quote: string): boolean => text.split(quote).length % 2 === 0;

/**
 * Gemini sometimes escapes the text of an argument twice, so that a file of many lines arrives as
 * one line with `\n` written out. Undone only where it is certain: the text has no real line break,
 * is a well-formed inside of a JSON string (real code with a quote in it is not), gives three lines
 * or more, and no line break falls inside a quoted string of the code.
 */
const unescaped = (text: string): string => {
  if (text.includes("\n") || !text.includes("\\n")) return text;
  let read: unknown;
  try {
    read = JSON.parse(`"${text}"`);
  } catch {
    return text;
  }
  if (typeof read !== "string") return text;
  const lines = read.split("\n");
  const breaksAString = lines.some((line) => ["'", '"', "`"].some((quote) => isOdd(line, quote)));
  return lines.length < 3 || breaksAString ? text : read;
};

/** The arguments with every over-escaped text restored. */
export const withoutOverEscaping = (args: Record<string, Json>): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === "string" ? unescaped(value) : value]),
  );
