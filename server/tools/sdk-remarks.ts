/** The first words of messages that the MCP SDK prints. */
const REMARK = "[mcp-sdk]";

let isQuiet = false;

/**
 * Keeps messages of the MCP SDK off the console, where they would appear between the lines of a run. The SDK
 * has no option for this. Their causes are reported as errors of calls or as warnings in the log.
 */
export const quietSdk = (): void => {
  if (isQuiet) return;
  isQuiet = true;
  const { console } = globalThis;
  const warn = console.warn.bind(console);
  const warnUnlessRemark = (...words: unknown[]): void => {
    const [first] = words;
    if (typeof first !== "string" || !first.startsWith(REMARK)) warn(...words);
  };
  Object.assign(console, { warn: warnUnlessRemark });
};
