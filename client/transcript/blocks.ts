import { z } from "zod";
import { durationText } from "../../schemas/duration.ts";
import type { GateProof } from "../../schemas/gates.ts";
import type { Localizer } from "../../schemas/localizer.ts";
import type { Message } from "../../schemas/messages.ts";
import { Json } from "../../schemas/primitives.ts";
import { callSubject } from "../../schemas/tools.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import { formatCost } from "../tree/item.ts";
import { qualityParts } from "../tree/quality.ts";

/**
 * A piece of a transcript, in reading order.
 *
 * - `heading`: a turn, a gate or the end. `fact`: model, tokens, cost or exit code.
 * - `words`: the model's text, as Markdown. `thoughts`: its thoughts.
 * - `note`: text of the runtime.
 * - `details`: content that can be opened, as plain text.
 */
export type Block =
  | { kind: "heading"; title: string; fact: string }
  | { kind: "words" | "thoughts" | "note"; text: string }
  | { kind: "details"; title: string; text: string; failed: boolean };

/** An entry of an execution's transcript, for people. */
export const blocksOf = (entry: TranscriptEntry, l10n: Localizer): Block[] => {
  switch (entry.type) {
    case "prompt":
      return [
        details(
          l10n.t("Prompt"),
          entry.messages.flatMap(({ content }) => content.map(partText)).join("\n\n"),
        ),
        details(l10n.t("System message"), entry.system),
      ];
    case "answer":
      return [
        {
          kind: "heading",
          title: l10n.t("Turn {0}", entry.turn),
          fact: [`${entry.provider}/${entry.model}`, ...usageOf(entry, l10n)].join(" · "),
        },
        ...entry.message.content.map(partBlock),
      ];
    case "spent":
      return [note(`${l10n.t("Also billed:")} ${entry.reason}`)];
    case "tool":
      return [resultBlock(entry.outcome, l10n)];
    case "note":
      return [note(`${l10n.t("The runtime says:")} ${entry.text}`)];
    case "compacted":
      return [
        note(
          l10n.t("Tool results before turn {0} were shortened to fit the context window.", entry.before_turn),
        ),
      ];
    case "gate":
      return gateBlocks(entry.proof, l10n);
    case "quality":
      return [note(l10n.t("Quality: {0}", qualityParts(entry.metrics, l10n).join(" · ")))];
    case "end":
      return [
        { kind: "heading", title: l10n.t("End: {0}", entry.status), fact: "" },
        ...(entry.message === entry.status ? [] : [note(entry.message)]),
      ];
  }
};

const note = (text: string): Block => ({ kind: "note", text });
const details = (title: string, text: string, failed = false): Block => ({
  kind: "details",
  title,
  text,
  failed,
});

const countLines = (content: string, l10n: Localizer): string => {
  const count = content.replace(/\n$/, "").split("\n").length;
  return count === 1 ? l10n.t("1 line") : l10n.t("{0} lines", count);
};

type Outcome = Extract<TranscriptEntry, { type: "tool" }>["outcome"];

const resultBlock = ({ tool, is_error, duration_ms, content }: Outcome, l10n: Localizer): Block =>
  details(
    [
      `→ ${tool}`,
      is_error ? l10n.t("failed") : l10n.t("done"),
      duration_ms < 1000 ? `${Math.round(duration_ms)} ms` : durationText(duration_ms),
      countLines(content, l10n),
    ].join(" · "),
    content,
    is_error,
  );

const partText = (part: Message["content"][number]): string => {
  switch (part.type) {
    case "text":
    case "reasoning":
      return part.text;
    case "image":
      return `[${part.mime_type}]`;
    case "tool_call":
      return part.invalid ?? argumentsText(part.arguments);
    case "tool_result":
      return part.content;
  }
};

const Fields = z.record(z.string(), Json);

/** Arguments on separate lines. Text with several lines is shown unescaped, not as JSON. */
const argumentsText = (given: Json): string => {
  const fields = Fields.safeParse(given);
  if (!fields.success) return JSON.stringify(given, null, 2);
  return Object.entries(fields.data)
    .map(([name, value]) => {
      if (typeof value !== "string") return `${name}: ${JSON.stringify(value, null, 2)}`;
      return value.includes("\n") ? `${name}:\n${value}` : `${name}: ${value}`;
    })
    .join("\n");
};

const partBlock = (part: Message["content"][number]): Block => {
  const text = partText(part);
  switch (part.type) {
    case "text":
    case "image":
      return { kind: "words", text };
    case "reasoning":
      return { kind: "thoughts", text };
    case "tool_call":
      return details([part.tool, callSubject(part.arguments)].join(" ").trim(), text);
    case "tool_result":
      return details(part.tool, text);
  }
};

type Answer = Extract<TranscriptEntry, { type: "answer" }>;

const usageOf = ({ usage, cost, cached, duration_ms }: Answer, l10n: Localizer): string[] => {
  const input = usage.input + usage.cache_write_5m + usage.cache_write_1h;
  return [
    usage.cache_read === 0
      ? l10n.t("{0} in, {1} out", input, usage.output)
      : l10n.t("{0} in, {1} from the provider's cache, {2} out", input, usage.cache_read, usage.output),
    cached ? l10n.t("answered from the response cache") : formatCost(cost),
    durationText(duration_ms),
  ].filter((part) => part !== "");
};

const gateBlocks = (proof: GateProof, l10n: Localizer): Block[] => {
  const { counts, command, exit_code, evidence } = proof;
  const facts = [
    counts === null
      ? ""
      : l10n.t("{0} passed, {1} failed, {2} skipped", counts.passed, counts.failed, counts.skipped),
    command === null ? "" : l10n.t("exit code {0}", exit_code ?? "–"),
  ];
  const verdict = proof.held ? l10n.t("held") : l10n.t("did not hold");
  return [
    {
      kind: "heading",
      title: l10n.t("Gate {0} {1}", proof.gate, verdict),
      fact: facts.filter((fact) => fact !== "").join(" · "),
    },
    note(proof.reason),
    ...(evidence.length === 0 && command === null
      ? []
      : [
          details(
            l10n.t("Evidence"),
            [...(command === null ? [] : [`$ ${command.join(" ")}`]), ...evidence].join("\n"),
            !proof.held,
          ),
        ]),
  ];
};
