import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { z } from "zod";
import { builtInScript } from "../../server/rehearsal/built-in.ts";
import { RehearsalScript } from "../../server/rehearsal/script.ts";
import { type ChatRecord, startRehearsal } from "../../server/rehearsal/server.ts";
import { runGit } from "../support/git.ts";
import { median, type Report } from "./report.ts";
import { runTeam } from "./teams/run-team.ts";

const root = join(import.meta.dirname, "..", "..");

/** Another build of the command line to compare with: the path of its `cli.js`. */
const other = process.env.CODITECT_BENCH_CLI;

/** A line that is long enough to be no accident if it is sent twice. */
const LONG_LINE = 30;

interface Project {
  name: string;
  folder: string;
  file: string;
  script: RehearsalScript;
}

/** What whole TDD runs send to a model, from the logged requests of a scripted one. */
export default async function run({ report }: Report): Promise<void> {
  const projects = [await sample(), ...(await exercises())];
  const own = new Map<Project, Sent>();
  const before = new Map<Project, Sent>();
  for (const project of projects) {
    own.set(project, await sentBy(project));
    if (other !== undefined) before.set(project, await sentBy(project, other));
  }
  const tell = (name: string, unit: string, of: (sent: ReadonlyMap<Project, Sent>) => number): void => {
    const against = other === undefined ? null : { name: "the other build", value: of(before) };
    report({ name, value: of(own), unit, against, goal: "", holds: null });
  };
  for (const project of projects)
    tell(`${project.name}: a whole run`, "tokens", (sent) => sent.get(project)?.tokens ?? 0);
  tell("median of all runs", "tokens", (sent) => median([...sent.values()].map(({ tokens }) => tokens)));
  tell("lines of a first message that it contains twice", "%", (sent) =>
    median([...sent.values()].map(({ repeated }) => repeated * 100)),
  );
}

interface Sent {
  /** Tokens of all requests of a run, at four characters per token. */
  tokens: number;
  /** The share of the first messages that repeats an earlier line of the same message, by characters. */
  repeated: number;
}

const sentBy = async ({ folder, file, script }: Project, cli?: string): Promise<Sent> => {
  const workspace = await mkdtemp(join(tmpdir(), "coditect-bench-"));
  const server = await startRehearsal([script]);
  try {
    await cp(folder, workspace, { recursive: true });
    await symlink(join(root, "node_modules"), join(workspace, "node_modules"));
    await runGit(workspace, "init", "-q");
    await runGit(workspace, "add", ".");
    await runGit(workspace, "commit", "-qm", "project");
    await runTeam({
      ...{ workspace, endpoint: server.endpoint, file, task: script.task },
      ...(cli !== undefined && { cli }),
    });
    const bodies = server.requests.map(({ body }: ChatRecord) => body);
    return { tokens: sum(bodies.map(({ length }) => length)) / 4, repeated: repeatedIn(bodies) };
  } finally {
    await server.close();
    await rm(workspace, { recursive: true, force: true, maxRetries: 3 });
  }
};

const Request = z.object({ messages: z.array(z.object({ role: z.string(), content: z.string() })) });

/** Of first messages, the share of characters in long lines that were there before. */
const repeatedIn = (bodies: readonly string[]): number => {
  let all = 0;
  let again = 0;
  for (const body of bodies) {
    const { messages } = Request.parse(JSON.parse(body));
    if (messages.some(({ role }) => role === "assistant")) continue;
    const seen = new Set<string>();
    for (const line of messages.find(({ role }) => role === "user")?.content.split("\n") ?? []) {
      all += line.length;
      const words = line.replace(/^[+ -]?\s*(\d+\t)?\s*/, "");
      if (words.length < LONG_LINE) continue;
      if (seen.has(words)) again += line.length;
      seen.add(words);
    }
  }
  return all === 0 ? 0 : again / all;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((one, two) => one + two, 0);

const sample = async (): Promise<Project> => {
  const script = await builtInScript("tdd");
  return { name: "sample", folder: join(root, "media", "sample"), file: script.file ?? "", script };
};

const Task = z.object({ kind: z.literal("solve"), task: z.string(), file: z.string() });

/** The coding tasks of `evaluation/`, solved by a model that writes the hidden tests and the solution. */
const exercises = async (): Promise<Project[]> => {
  const place = join(root, "evaluation");
  const projects: Project[] = [];
  for (const name of await readdir(place)) {
    const text = await readFile(join(place, name, "task.json"), "utf8").catch(() => "{}");
    const task = Task.safeParse(JSON.parse(text)).data;
    if (task === undefined) continue;
    const [tests = ""] = await readdir(join(place, name, "hidden", "test"));
    const script = RehearsalScript.parse({
      task: task.task,
      agents: {
        TestWriter: writes(
          `test/${basename(tests)}`,
          await readFile(join(place, name, "hidden", "test", tests), "utf8"),
        ),
        Coder: writes(task.file, await readFile(join(place, name, "solution", task.file), "utf8")),
        Reviewer: [finish],
        Security: [finish],
        QualityControl: [finish],
      },
    });
    projects.push({ name, folder: join(place, name, "project"), file: task.file, script });
  }
  return projects;
};

const finish = {
  tool_calls: [{ tool: "finish", arguments: { summary: "Done.", confidence: 1, completeness: 1 } }],
};

/** An agent that looks around, writes one file, runs the tests and ends. */
const writes = (path: string, content: string) => [
  { tool_calls: [{ tool: "list_files", arguments: {} }] },
  { tool_calls: [{ tool: "write_file", arguments: { path, content } }] },
  { tool_calls: [{ tool: "run_tests", arguments: {} }] },
  finish,
];
