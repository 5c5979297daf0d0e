import type { ChangeContent } from "../../../../schemas/contract.ts";
import type { Finding } from "../../../../schemas/findings.ts";
import { version } from "../../../platform/installation.ts";
import { plainText } from "../../../../schemas/plain-text.ts";
import { readIfPossible } from "../../../workspace/open.ts";
import { toSarif } from "./sarif.ts";

/**
 * The SARIF log of findings. Line numbers refer to the files as the agents left them, so the text of a
 * changed file comes from the change set and any other text from the workspace.
 */
export const sarifText = (
  findings: readonly Finding[],
  contents: readonly ChangeContent[],
  workspace: string,
): string => {
  const texts = new Map<string, string>();
  for (const path of new Set(findings.map((finding) => finding.path))) {
    const changed = contents.find((content) => content.path === path)?.after;
    const text =
      changed?.encoding === "utf8"
        ? changed.data
        : (readIfPossible(workspace, path)?.toString("utf8") ?? null);
    if (text !== null) texts.set(path, text);
  }
  return `${JSON.stringify(
    toSarif(findings, (path) => texts.get(path) ?? null, version()),
    (_, value: unknown) => (typeof value === "string" ? plainText(value) : value),
    2,
  )}\n`;
};
