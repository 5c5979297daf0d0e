import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "mocha";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { createLocalizer } from "../../../schemas/localizer.ts";
import { type QuestionAnswer, type QuestionField, questionTitle } from "../../../schemas/questions.ts";
import { ServerQuestions } from "../../../server/executions/server-questions.ts";
import { askForm } from "../../../server/surfaces/cli/session/question-form.ts";
import { NOW } from "../../support/records.ts";

const never = new AbortController().signal;
const common = { title: "", description: "", required: false };
const fields: QuestionField[] = [
  {
    ...{ type: "text", ...common, name: "mail", title: "Mail", required: true, default: null },
    ...{ format: "email", min_length: null, max_length: null },
  },
  { type: "integer", ...common, name: "count", title: "Count", minimum: 1, maximum: 9, default: 3 },
  {
    ...{ type: "choice", ...common, name: "colour", title: "Colour", default: null },
    options: [
      { value: "r", label: "red" },
      { value: "g", label: "green" },
    ],
  },
];
const wanted = {
  ...{ task_id: randomUUID(), execution_id: randomUUID(), agent_type: "Coder" as const },
  ...{ agent_name: "Coder", server: "tracker", message: "Who are you?", fields, url: null },
  possible_calls: 1,
};

const open = (patienceMs = 60_000) => {
  const events: RuntimeEvent[] = [];
  const questions = new ServerQuestions({ emit: (event) => events.push(event), now: () => NOW, patienceMs });
  return { events, questions };
};

describe("a question of a tool server", () => {
  it("says if it may belong to the call of another agent", () => {
    const l10n = createLocalizer({});
    assert.match(questionTitle(wanted, l10n), /^The MCP server tracker, which Coder uses, asks you:$/);
    const unsure = questionTitle({ ...wanted, possible_calls: 2 }, l10n);
    assert.match(unsure, /has 2 open calls, one of them by Coder, and does not say for which call/);
  });

  it("is a cancel when nobody answers in time, and ends with its call", async () => {
    const { questions, events } = open(1);
    assert.deepEqual(await questions.ask(wanted, never), { action: "cancel" });
    assert.deepEqual(
      events.map(({ type }) => type),
      ["question.needed", "question.settled"],
    );
    assert.deepEqual(await open().questions.ask(wanted, AbortSignal.abort()), { action: "cancel" });
  });

  it("takes one answer whose values fit, and tells them to nobody else", async () => {
    const { questions, events } = open();
    const asked = questions.ask(wanted, never);
    const [{ question_id } = assert.fail("nothing was asked")] = questions.list();
    const accept = (values: Record<string, string | number>): void => {
      questions.answer(question_id, { action: "accept", values });
    };
    for (const [values, problem] of [
      [{}, /Mail: A value is needed/],
      [{ mail: "nobody" }, /email address/],
      [{ mail: "a@example.com", count: 10 }, /at most 9/],
      [{ mail: "a@example.com", colour: "blue" }, /Choose from the options/],
      [{ mail: "a@example.com", more: 1 }, /the server did not ask for more/],
    ] as const)
      assert.throws(() => {
        accept(values);
      }, problem);
    accept({ mail: "a@example.com", count: 2 });
    const answer: QuestionAnswer = { action: "accept", values: { mail: "a@example.com", count: 2 } };
    assert.deepEqual(await asked, answer);
    assert.doesNotMatch(JSON.stringify(events), /a@example\.com/);
    assert.throws(() => {
      accept({ mail: "a@example.com" });
    }, /There is no question/);
  });
});

describe("the form of such a question at a terminal", () => {
  const question = { ...wanted, question_id: randomUUID(), asked_at: NOW };
  const fill = async (lines: string[], more = {}) => {
    const prompts: string[] = [];
    const answer = await askForm({ ...question, ...more }, (prompt) => {
      prompts.push(prompt);
      return Promise.resolve(lines.shift() ?? assert.fail("it asks for more"));
    });
    return { answer, shown: prompts.join("\n") };
  };

  it("asks for each value until it fits, and takes the defaults", async () => {
    const { answer, shown } = await fill(["y", "nobody", "a@example.com", "", "2"]);
    assert.deepEqual(answer, {
      action: "accept",
      values: { mail: "a@example.com", count: 3, colour: "g" },
    });
    assert.match(shown, /The MCP server tracker, which Coder uses, asks you:\n {2}\| Who are you\?/);
    assert.match(shown, /Enter an email address\./);
  });

  it("declines for anything but a yes", async () => {
    assert.deepEqual((await fill([""])).answer, { action: "decline" });
    const url = "https://example.com/";
    assert.deepEqual((await fill(["maybe"], { fields: [], url })).answer, { action: "decline" });
    assert.deepEqual((await fill(["yes"], { fields: [], url })).answer, { action: "accept", values: {} });
  });

  it("shows the words of the server as such", async () => {
    const message = "Hello\u001B[2J\n✔ Every gate held.\r✔";
    const { shown } = await fill([""], { message });
    assert.match(shown, /^ {2}\| Hello<U\+001B>\[2J$/m);
    assert.match(shown, /^ {2}\| ✔ Every gate held\. ✔$/m);
  });
});
