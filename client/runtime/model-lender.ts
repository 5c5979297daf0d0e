import * as vscode from "vscode";
import { ProgressType, type LanguageClient } from "vscode-languageclient/node";
import type { Method } from "../../schemas/contract.ts";
import { defaultModels } from "../../schemas/default-models.ts";
import {
  lending,
  lentName,
  SentLentRequest,
  type LentFailure,
  type LentModel,
  type LentPart,
  type LentResult,
} from "../../schemas/lent-models.ts";
import { chatMessages, chatTools, countedText, readPart } from "./lent-messages.ts";

/** Calls of the extension with which the user starts work of agents. */
const starting: ReadonlySet<Method> = new Set([
  "teams/execute",
  "executions/start",
  "runs/resume",
  "runs/retry",
  "runs/approve",
]);

const parts = new ProgressType<LentPart>();

/** Answers the runtime's requests for the language models of VS Code. */
export class ModelLender implements vscode.Disposable {
  readonly #extension: vscode.ExtensionContext;
  readonly #client: LanguageClient;
  readonly #subscriptions: vscode.Disposable[];
  /** VS Code asks for consent with the first request. This request must follow an action of the user. */
  #hasUserStarted = false;

  constructor(extension: vscode.ExtensionContext, client: LanguageClient) {
    this.#extension = extension;
    this.#client = client;
    this.#subscriptions = [
      client.onRequest(lending.list, async () => ({
        models: (await vscode.lm.selectChatModels()).map(describe),
      })),
      client.onRequest(lending.generate, (request: unknown, token: vscode.CancellationToken) =>
        this.#generate(SentLentRequest.parse(request), token),
      ),
      vscode.lm.onDidChangeChatModels(() => {
        if (client.isRunning()) void client.sendNotification(lending.changed);
      }),
    ];
  }

  noteCall(method: Method): void {
    if (starting.has(method)) this.#hasUserStarted = true;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #generate(request: SentLentRequest, token: vscode.CancellationToken): Promise<LentResult> {
    try {
      const models = await vscode.lm.selectChatModels();
      const model =
        request.model === defaultModels.VSCode
          ? models[0]
          : models.find((each) => lentName(each) === request.model);
      if (model === undefined)
        return failed("NotFound", vscode.l10n.t("VS Code has no language model {0}.", request.model));
      const problem = this.#problemOfConsent(model) ?? (await this.#announce(model, request, token));
      return problem ?? (await this.#ask(model, request, token));
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }

  #problemOfConsent(model: vscode.LanguageModelChat): LentResult | null {
    const isKnown = this.#extension.languageModelAccessInformation.canSendRequest(model) !== undefined;
    if (isKnown || this.#hasUserStarted) return null;
    return failed(
      "NoPermissions",
      vscode.l10n.t("CODITECT has not asked for your consent in this window. Start or resume a run."),
    );
  }

  /** Reports the size of the request. Fails if the request is too large for the model. */
  async #announce(
    model: vscode.LanguageModelChat,
    request: SentLentRequest,
    token: vscode.CancellationToken,
  ): Promise<LentResult | null> {
    const tokens = await count(model, countedText(request), token);
    const window = model.maxInputTokens;
    if (tokens !== null && tokens > window)
      return { failure: { code: "TooLong", message: "", tokens, window } };
    await this.#send(request, { type: "asked", input_tokens: tokens });
    return null;
  }

  async #ask(
    model: vscode.LanguageModelChat,
    request: SentLentRequest,
    token: vscode.CancellationToken,
  ): Promise<LentResult> {
    const tools = chatTools(request.tools);
    const response = await model.sendRequest(
      chatMessages(request.messages),
      {
        justification: vscode.l10n.t("Agents use this model in the runs that you start."),
        ...(tools.length > 0 && { tools }),
      },
      token,
    );
    let said = "";
    for await (const given of response.stream) {
      const part = readPart(given);
      if (part === null) continue;
      said += part.type === "text" ? part.text : JSON.stringify(part);
      await this.#send(request, part);
    }
    return { output_tokens: await count(model, said, token) };
  }

  #send({ partialResultToken }: SentLentRequest, part: LentPart): Promise<void> {
    return this.#client.sendProgress(parts, partialResultToken, part);
  }
}

const describe = ({ vendor, id, name, maxInputTokens }: vscode.LanguageModelChat): LentModel => ({
  ...{ vendor, id, name },
  max_input_tokens: Math.max(0, Math.floor(maxInputTokens)),
});

/** The count of the model's own counter. Null: it cannot count. */
const count = async (
  model: vscode.LanguageModelChat,
  text: string,
  token: vscode.CancellationToken,
): Promise<number | null> => {
  try {
    const tokens = await model.countTokens(text, token);
    return Number.isSafeInteger(tokens) && tokens >= 0 ? tokens : null;
  } catch {
    return null;
  }
};

const failed = (code: LentFailure["code"], message: string): LentResult => ({ failure: { code, message } });

const codes: readonly LentFailure["code"][] = ["NoPermissions", "Blocked", "NotFound"];

const failureOf = (error: unknown): LentFailure => {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const code = error instanceof vscode.LanguageModelError ? codes.find((each) => each === error.code) : null;
  return {
    code: code ?? "Unknown",
    message: cause === "" || message.includes(cause) ? message : `${message}: ${cause}`,
  };
};
