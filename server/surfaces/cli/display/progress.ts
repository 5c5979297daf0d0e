import { wholeSecondsText } from "../../../../schemas/duration.ts";
import { terminalText } from "../../../../schemas/plain-text.ts";
import type { RuntimeEvent } from "../../../../schemas/events.ts";
import type { RunView } from "../../../../schemas/run-view.ts";
import { formatClock } from "./format.ts";
import { gateText, SPINNER_INTERVAL, stageLines, titleLine, totalLine, usageLine } from "./frame.ts";
import type { Terminal } from "./terminal.ts";
import { failureOf } from "./rounds.ts";

/** Shows a run in progress. */
export interface Progress {
  /** Called with each event, after the view was updated. */
  event(event: RuntimeEvent): void;
  /** Leaves the last state on the screen and restores the cursor. */
  end(): void;
}

/** Every event of the contract as one line of JSON. Contract: "Command line", `--json`. */
const jsonTypes: ReadonlySet<RuntimeEvent["type"]> = new Set([
  "stage.started",
  "execution.changed",
  "model.usage",
  "tool.called",
  "gate.proved",
  "finding.reported",
]);

/** Does not write the last event, `run.finished`. It follows when the changes are applied. */
export const jsonProgress = (terminal: Terminal): Progress => ({
  event: (event) => {
    if (jsonTypes.has(event.type)) terminal.out(`${JSON.stringify(event)}\n`);
    // Standard output contains only these events, so messages for the user go elsewhere.
    else if (event.type === "notice") terminal.err(`! ${event.message}\n`);
  },
  end: () => undefined,
});

/** One of CODITECT's own lines. Untrusted names in it are made safe. */
const oneRow = (line: string): string => terminalText(line.replace(/[\r\n]+/g, " "));

const APPROVAL = "approval";

/** The name of the question that an event asks. Null if it asks none. */
const questionOf = (event: RuntimeEvent): string | null => {
  if (event.type === "permission.needed") return event.permission.permission_id;
  if (event.type === "question.needed") return event.question.question_id;
  return event.type === "approval.needed" ? APPROVAL : null;
};

/** Draws the stages in place. */
export const liveProgress = async (
  view: RunView,
  file: string | null,
  terminal: Terminal,
): Promise<Progress> => {
  const [{ createLogUpdate }, { default: sliceAnsi }] = await Promise.all([
    import("log-update"),
    import("slice-ansi"),
  ]);
  const update = createLogUpdate(terminal.stdout);
  // While a question is open, it is below the stages and must not be overwritten.
  const questions = new Set<string>();
  const draw = () => {
    if (questions.size > 0) return;
    const now = view.completed_at === null ? Date.now() : Date.parse(view.completed_at);
    const lines = [
      titleLine(view, file, terminal),
      "",
      ...stageLines(view, now, terminal),
      ...view.notices.map((notice) => terminal.style("yellow", `! ${notice}`)),
      "",
      terminal.style("dim", totalLine(view, now)),
    ];
    update(lines.map((line) => sliceAnsi(oneRow(line), 0, terminal.width() - 1)).join("\n"));
  };
  const timer = setInterval(draw, SPINNER_INTERVAL);
  draw();
  return {
    // The timer draws, so that a burst of events costs one frame.
    event: (event) => {
      const asked = questionOf(event);
      if (asked !== null) {
        draw();
        if (questions.size === 0) update.done();
        questions.add(asked);
      }
      if (event.type === "permission.settled") questions.delete(event.permission_id);
      else if (event.type === "question.settled") questions.delete(event.question_id);
      else if (event.type === "run.changed") questions.delete(APPROVAL);
    },
    end: () => {
      questions.clear();
      clearInterval(timer);
      draw();
      update.done();
    },
  };
};

/** A shorter suite needs no line. Milliseconds. */
const LONG_SUITE_MS = 10_000;

/** One line per step, for logs and pipes. */
export const plainProgress = (view: RunView, file: string | null, terminal: Terminal): Progress => {
  const say = (event: { at: string }, text: string) => {
    const clock = formatClock(Math.max(0, Date.parse(event.at) - Date.parse(view.created_at)));
    terminal.out(`${terminal.style("dim", clock.padStart(5))}  ${oneRow(text)}\n`);
  };
  return {
    event: (event) => {
      switch (event.type) {
        case "run.started":
          say(event, titleLine(view, file, terminal));
          return;
        case "stage.started":
          say(
            event,
            `${event.stage}: ${event.agent_type} begins${event.round > 1 ? ` round ${event.round}` : ""}`,
          );
          return;
        case "tool.started":
          say(event, `  ${event.tool} ${event.subject}`.trimEnd());
          return;
        case "suite.started":
          if (event.expected_ms !== null && event.expected_ms >= LONG_SUITE_MS)
            say(event, `  running all tests of the project, about ${wholeSecondsText(event.expected_ms)}`);
          return;
        case "model.retry":
          say(event, `  trying ${event.provider} again: ${event.reason}`);
          return;
        case "gate.proved":
          say(event, `  ${gateText(event.proof, terminal)}`);
          return;
        case "finding.reported":
          say(event, `  ${event.finding.severity}: ${event.finding.title}`);
          return;
        case "execution.changed": {
          const failure = failureOf(event.execution);
          if (failure !== null) say(event, `  ${failure}`);
          return;
        }
        case "stage.finished":
          say(event, `${event.stage.name}: ${event.stage.status}`);
          return;
        case "notice":
          say(event, `! ${event.message}`);
          return;
        case "run.finished":
          say(event, usageLine(view));
          return;
        default:
      }
    },
    end: () => undefined,
  };
};
