import type { Localizer } from "../../schemas/localizer.ts";
import type { Message } from "../../schemas/messages.ts";
import type { GateProof } from "../../schemas/gates.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import { formatCost } from "../tree/item.ts";
import { qualityParts } from "../tree/quality.ts";

/** A piece of the document; `fold`: it is shown closed, as its first line. */
export interface Block {
  lines: string[];
  fold: boolean;
}

/** An execution's transcript as a document people can read: one block after the other. */
export const renderEntry = (entry: TranscriptEntry, l10n: Localizer): Block[] => {
  switch (entry.type) {
    case "prompt":
      return [
        heading(l10n.t("Prompt")),
        ...entry.messages.flatMap(renderMessage).map(foldIfLong),
        folded(l10n.t("System message"), entry.system),
      ];
    case "answer":
      return [
        heading(
          [l10n.t("Turn {0}", entry.turn), `${entry.provider}/${entry.model}`, answerUsage(entry, l10n)].join(
            " · ",
          ),
        ),
        ...renderMessage(entry.message),
      ];
    case "spent":
      return [text(`> ${l10n.t("Also billed:")} ${entry.reason}`)];
    case "tool":
      return [
        folded(
          [
            `→ ${entry.outcome.tool}`,
            entry.outcome.is_error ? l10n.t("failed") : l10n.t("done"),
            `${Math.round(entry.outcome.duration_ms)} ms`,
            countLines(entry.outcome.content, l10n),
          ].join(" · "),
          entry.outcome.content,
        ),
      ];
    case "note":
      return [text(`> ${l10n.t("The runtime says:")} ${entry.text}`)];
    case "compacted":
      return [
        text(
          `> ${l10n.t("Tool results before turn {0} were shortened to fit the context window.", entry.before_turn)}`,
        ),
      ];
    case "gate":
      return [renderGate(entry.proof, l10n)];
    case "quality":
      return [text(`> ${l10n.t("Quality: {0}", qualityParts(entry.metrics, l10n).join(" · "))}`)];
    case "end":
      return [
        heading(l10n.t("End: {0}", entry.status)),
        ...(entry.message === entry.status ? [] : [text(entry.message)]),
      ];
  }
};

const countLines = (content: string, l10n: Localizer): string => {
  const count = content.replace(/\n$/, "").split("\n").length;
  return count === 1 ? l10n.t("1 line") : l10n.t("{0} lines", count);
};

const heading = (title: string): Block => ({ lines: [`## ${title}`, ""], fold: false });
const text = (content: string): Block => ({ lines: [...content.split("\n"), ""], fold: false });

/** Content behind a line that names it, fenced so that nothing in it is taken for Markdown. */
const folded = (title: string, content: string): Block => {
  const fence = "`".repeat(
    Math.max(3, 1 + Math.max(0, ...[...content.matchAll(/`+/g)].map(([run]) => run.length))),
  );
  return { lines: [title, fence, ...content.replace(/\n$/, "").split("\n"), fence, ""], fold: true };
};

/** Longer pieces of a prompt, such as a file given along, are shown as their first line. */
const LONG_LINES = 12;

const foldIfLong = (block: Block): Block => {
  const [title = "", ...rest] = block.lines;
  return block.fold || block.lines.length <= LONG_LINES ? block : folded(title, rest.join("\n"));
};

const renderMessage = (message: Message): Block[] =>
  message.content.map((part): Block => {
    switch (part.type) {
      case "text":
        return text(part.text);
      case "image":
        return text(`[${part.mime_type}]`);
      case "reasoning":
        return text(
          part.text
            .split("\n")
            .map((line) => `> ${line}`)
            .join("\n"),
        );
      case "tool_call":
        return folded(`**${part.tool}**`, part.invalid ?? JSON.stringify(part.arguments, null, 2));
      case "tool_result":
        return folded(`→ ${part.tool}`, part.content);
    }
  });

type Answer = Extract<TranscriptEntry, { type: "answer" }>;

const answerUsage = ({ usage, cost, cached, duration_ms }: Answer, l10n: Localizer): string => {
  const input = usage.input + usage.cache_write_5m + usage.cache_write_1h;
  return [
    usage.cache_read === 0
      ? l10n.t("{0} in, {1} out", input, usage.output)
      : l10n.t("{0} in, {1} from the provider's cache, {2} out", input, usage.cache_read, usage.output),
    cached ? l10n.t("answered from the response cache") : formatCost(cost),
    `${(duration_ms / 1000).toFixed(1)} s`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
};

const renderGate = (proof: GateProof, l10n: Localizer): Block => {
  const verdict = proof.held ? l10n.t("held") : l10n.t("did not hold");
  const counts =
    proof.counts === null
      ? []
      : [
          l10n.t(
            "{0} passed, {1} failed, {2} skipped",
            proof.counts.passed,
            proof.counts.failed,
            proof.counts.skipped,
          ),
        ];
  const command =
    proof.command === null
      ? []
      : [`$ ${proof.command.join(" ")} → ${l10n.t("exit code {0}", proof.exit_code ?? "–")}`];
  return {
    lines: [
      `## ${l10n.t("Gate {0} {1}", proof.gate, verdict)}`,
      "",
      proof.reason,
      ...command,
      ...counts,
      ...proof.evidence.map((line) => `- ${line}`),
      "",
    ],
    fold: false,
  };
};

/** The exact prompt of an execution: what was sent, field by field, nothing rewritten. */
export const renderPrompt = (entry: Extract<TranscriptEntry, { type: "prompt" }>): string =>
  [
    "# system",
    "",
    entry.system,
    "",
    ...entry.messages.flatMap((message) => [
      `# ${message.role}`,
      "",
      ...message.content.map((part) => (part.type === "text" ? part.text : JSON.stringify(part, null, 2))),
      "",
    ]),
    "# tools",
    "",
    "```json",
    JSON.stringify(entry.tools, null, 2),
    "```",
    "",
  ].join("\n");
