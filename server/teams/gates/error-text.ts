const givesText = /^\s*super\(\s*["'`]/;
const classHead = /\bclass\s+([\w$]+).*\bextends\s+([\w$.]+)/;

/** Whether the line at this index gives the text of an error to the class above. Tests need not check it. */
export const isTextOfError = (lines: readonly string[], at: number): boolean => {
  if (!givesText.test(lines[at] ?? "")) return false;
  const head = lines.slice(0, at).findLast((line) => classHead.test(line));
  return (classHead.exec(head ?? "") ?? []).slice(1).some((name) => /(?:Error|Exception)$/.test(name));
};
