/** What the remarks of the MCP SDK begin with. */
const REMARK = "[mcp-sdk]";

let isQuiet = false;

/**
 * Keeps remarks of the MCP SDK off the console, where they would appear between the lines of a run. The SDK
 * has no other place for them. What they are about becomes an error of a call, or a warning in the log.
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
