import { ProgressType, type CancellationToken } from "vscode-languageserver/node";
import {
  lending,
  SentLentRequest,
  type LentFailure,
  type LentModel,
  type LentPart,
  type LentRequest,
  type LentResult,
} from "../../schemas/lent-models.ts";
import type { RehearsalScript } from "../../server/rehearsal/script.ts";
import type { TestEditor } from "./editor.ts";
import { scriptedTurn } from "./scripted-turn.ts";

/** What a lent model answers; `never`: it begins and does not end. */
export type LentTurn = { parts: LentPart[] } | { failure: LentFailure } | { never: true };

export interface LentModelRecord {
  requests: LentRequest[];
  /** Answers whose request was cancelled. */
  cancelled: number;
  /** Resolves when the model is asked so many times. */
  asked(times: number): Promise<void>;
}

export const someModel: LentModel = {
  vendor: "copilot",
  id: "gpt-lent",
  name: "GPT Lent",
  max_input_tokens: 64_000,
};
export const someProvider = { VSCode: { model: "copilot/gpt-lent" } };

const parts = new ProgressType<LentPart>();

/** Lets an editor lend a model over its connection, as the extension does; call it before `initialize`. */
export const lendModel = (
  { connection }: TestEditor,
  answer: (request: LentRequest) => LentTurn,
): LentModelRecord => {
  const requests: LentRequest[] = [];
  const waiting = new Set<() => void>();
  const record: LentModelRecord = {
    requests,
    cancelled: 0,
    asked: (times) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (requests.length >= times) resolve();
        };
        waiting.add(look);
        look();
      }),
  };
  connection.onRequest(lending.list, () => ({ models: [someModel] }));
  connection.onRequest(
    lending.generate,
    async (sent: unknown, token: CancellationToken): Promise<LentResult> => {
      const { partialResultToken, ...request } = SentLentRequest.parse(sent);
      requests.push(request);
      const send = (part: LentPart) => connection.sendProgress(parts, partialResultToken, part);
      await send({ type: "asked", input_tokens: 1000 });
      for (const look of waiting) look();
      const turn = answer(request);
      if ("failure" in turn) return { failure: turn.failure };
      if ("never" in turn)
        return new Promise((resolve) => {
          token.onCancellationRequested(() => {
            record.cancelled++;
            resolve({ failure: { code: "Unknown", message: "cancelled" } });
          });
        });
      for (const part of turn.parts) await send(part);
      return { output_tokens: 100 };
    },
  );
  return record;
};

/** The answer of a rehearsal script to a request. */
export const lentTurn = (script: RehearsalScript, request: LentRequest): LentTurn => {
  const text = JSON.stringify(request.messages);
  const answers = request.messages.filter(({ role }) => role === "assistant").length;
  const turn = scriptedTurn(script, text, answers);
  if (turn === null) return { failure: { code: "NotFound", message: "the script has no such turn" } };
  return {
    parts: [
      ...(turn.text === "" ? [] : [{ type: "text" as const, text: turn.text }]),
      ...turn.tool_calls.map((call, index) => ({
        type: "tool_call" as const,
        call_id: `lent_${text.length}_${index}`,
        tool: call.tool,
        arguments: call.arguments,
      })),
    ],
  };
};
