import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AIProvider } from "../../../schemas/agent.ts";
import { promptEntry } from "../../../server/executions/prompt.ts";
import {
  answerWorker,
  type RequestContext,
  type WorkerAnswers,
} from "../../../server/executions/requests.ts";
import { agentWith, failureOf, gatewayWith, modelServers, noLimits } from "../../support/gateway.ts";
import { noHooks } from "../../support/hooks.ts";
import { nobodyAsked } from "../../support/permissions.ts";
import { noTools } from "../../support/tools.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anExecution, NOW, TENANT } from "../../support/records.ts";

const contextWith = (provider: AIProvider): RequestContext => {
  const execution = anExecution(randomUUID());
  return {
    execution,
    agent: agentWith(provider, { max_retries: 0 }),
    provider: null,
    limits: noLimits,
    entries: [promptEntry({ ...execution.input, system_message: "Agent: Coder" }, NOW)],
    recorded: Promise.resolve(),
    readText: () => Promise.resolve(null),
    store: memoryStore(TENANT),
    gateway: gatewayWith({ responseCache: false }).gateway,
    tools: noTools,
    hooks: noHooks,
    permissions: nobodyAsked,
    questions: null,
    emit: () => undefined,
    now: () => NOW,
  };
};

const never = new AbortController().signal;

/** What a worker does to have a turn answered. */
const turnOf = ({ execution }: RequestContext, answers: WorkerAnswers, turn: number, note: string | null) =>
  answers.requests["model/generate"]({ execution_id: execution.execution_id, turn, note }, never);

describe("the first turn, asked for while the worker starts", () => {
  const serve = modelServers();

  it("is what the worker gets when it asks, and is asked for once", async () => {
    const server = await serve({ Coder: [{ text: "first" }, { text: "second" }] });
    const context = contextWith(server.ollama());
    const answers = answerWorker(context, never);
    answers.askAhead();
    const { message } = await turnOf(context, answers, 1, null);
    assert.deepEqual(message.content, [{ type: "text", text: "first" }]);
    assert.equal(server.requests.length, 1);
    assert.equal(context.entries.filter(({ type }) => type === "answer").length, 1);
  });

  it("fails for the worker as it failed, without another try", async () => {
    const server = await serve({ Coder: [{ status: 401 }, { text: "second" }] });
    const context = contextWith(server.ollama());
    const answers = answerWorker(context, never);
    answers.askAhead();
    await answers.settled();
    assert.equal((await failureOf(turnOf(context, answers, 1, null))).code, "credential_rejected");
    assert.equal(server.requests.length, 1);
  });

  it("is left to the worker where an execution goes on, as it may have a note for the model", async () => {
    const server = await serve({ Coder: [{ text: "first" }, { text: "second" }] });
    const context = contextWith(server.ollama());
    await turnOf(context, answerWorker(context, never), 1, null);
    const answers = answerWorker(context, never);
    answers.askAhead();
    await turnOf(context, answers, 2, "Use a tool.");
    assert.equal(server.requests.length, 2);
    assert.match(JSON.stringify(server.requests[1]?.body), /Use a tool/);
  });

  it("ends with the attempt, with what it cost on record", async () => {
    const server = await serve({ Coder: [{ text: "a first answer", stallAfter: 1 }] });
    const context = contextWith(server.ollama());
    const over = new AbortController();
    const shown = Promise.withResolvers<undefined>();
    context.emit = ({ type }) => {
      if (type === "model.text") shown.resolve(undefined);
    };
    const answers = answerWorker(context, over.signal);
    answers.askAhead();
    const failed = failureOf(turnOf(context, answers, 1, null));
    await shown.promise;
    over.abort();
    await answers.settled();
    assert.equal((await failed).code, "cancelled");
    assert.equal(context.entries.at(-1)?.type, "spent");
  });
});

describe("a turn that is asked for again while the model answers", () => {
  const serve = modelServers();

  it("is paid once", async () => {
    const server = await serve({ Coder: [{ text: "first", delayMs: 20 }, { text: "second" }] });
    const context = contextWith(server.ollama());
    const answers = answerWorker(context, never);
    const [one, other] = await Promise.all([
      turnOf(context, answers, 1, null),
      turnOf(context, answers, 1, null),
    ]);
    assert.deepEqual(one, other);
    assert.equal(server.requests.length, 1);
  });
});
