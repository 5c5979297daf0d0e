import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CancellationTokenSource,
  createMessageConnection,
  NullLogger,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import { z } from "zod";
import { fromWireError, WireError } from "../../../schemas/errors.ts";
import type { AssistantMessage } from "../../../schemas/messages.ts";
import type { Json } from "../../../schemas/primitives.ts";
import { ToolName } from "../../../schemas/tools.ts";
import {
  runtimeMethods,
  WORKER_PROTOCOL_VERSION,
  workerMethods,
  type RuntimeParams,
  type WorkerMethod,
  type WorkerParams,
  type WorkerResult,
} from "../../../schemas/worker.ts";
import { temporaryFolder, writeTree } from "./tree.ts";

const entry = new URL("../../../server/worker/main.ts", import.meta.url).pathname;

/** What a scripted model does in one turn: calls of tools, or only text. */
export type ScriptedTurn = string | readonly [tool: string, args: Json][];

const executionId = "11111111-1111-4111-8111-111111111111";
const instanceId = "22222222-2222-4222-8222-222222222222";

/** An answer of a model that calls these tools. */
export const assistantMessage = (turn: number, script: ScriptedTurn): AssistantMessage => {
  if (typeof script === "string") return { role: "assistant", content: [{ type: "text", text: script }] };
  return {
    role: "assistant",
    content: script.map(([tool, args], index) => ({
      type: "tool_call",
      call_id: `call-${turn}-${index}`,
      tool,
      arguments: args,
      invalid: null,
      signature: null,
    })),
  };
};

/** A worker process under test, with the runtime's side of the protocol played by the test. */
export interface WorkerUnderTest {
  process: ChildProcess;
  /** Folder with `copy/` in it, removed at the end. */
  place: string;
  generated: RuntimeParams<"model/generate">[];
  finished: RuntimeParams<"tool/finished">[];
  reported: RuntimeParams<"findings/report">[];
  started: { tool: string; subject: string }[];
  /** What the worker wrote to standard error. */
  stderr: () => string;
  /** Answers `model/generate`; by default from the script given to `runScript`. */
  onGenerate: (params: RuntimeParams<"model/generate">) => Promise<AssistantMessage> | AssistantMessage;
  onToolFinished: (params: RuntimeParams<"tool/finished">) => Promise<void> | void;
  call<M extends WorkerMethod>(
    method: M,
    params: WorkerParams<M>,
    signal?: AbortSignal,
  ): Promise<WorkerResult<M>>;
  initialize(source: string, settings?: Partial<WorkerParams<"worker/initialize">>): Promise<void>;
  runScript(
    script: readonly ScriptedTurn[],
    execution?: Partial<WorkerParams<"execution/run">>,
  ): Promise<WorkerResult<"execution/run">>;
  /** Forgets what the worker asked so far, between two tests. */
  forget(): void;
  stop(): Promise<void>;
}

/** Lets the worker begin anew on a folder with this tree, which is the caller's to clear. */
export const openTree = async (worker: WorkerUnderTest, tree: Record<string, string>): Promise<string> => {
  worker.forget();
  const source = temporaryFolder("source");
  writeTree(source, tree);
  await worker.initialize(source);
  await worker.call("workspace/prepare", { overlays: [], changes: [] });
  return source;
};

/** Starts a worker with `variables` added to its environment. */
export const startWorker = async (
  variables: Record<string, string> = {},
  start: readonly string[] = [entry],
): Promise<WorkerUnderTest> => {
  const place = await mkdtemp(join(tmpdir(), "worker-test-"));
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, start, { stdio: ["pipe", "pipe", "pipe"], env });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
    NullLogger,
  );

  const worker: WorkerUnderTest = {
    process: child,
    place,
    generated: [],
    finished: [],
    reported: [],
    started: [],
    stderr: () => stderr,
    onGenerate: () => {
      throw new Error("The test scripted no answer.");
    },
    onToolFinished: () => undefined,
    call: async (method, params, signal) => {
      const source = new CancellationTokenSource();
      signal?.addEventListener("abort", () => {
        source.cancel();
      });
      try {
        const raw: unknown = await connection.sendRequest(method, params, source.token);
        // The table pairs each method with its result; indexing it by a type parameter loses that.
        return workerMethods[method].result.parse(raw) as WorkerResult<typeof method>;
      } catch (error) {
        if (error instanceof ResponseError) throw fromWireError(WireError.parse(error.data));
        throw error;
      }
    },
    initialize: async (source, settings = {}) => {
      await worker.call("worker/initialize", {
        protocol_version: WORKER_PROTOCOL_VERSION,
        instance_id: instanceId,
        source,
        copy: join(place, "copy"),
        git: null,
        copy_key: "key",
        python: null,
        allowed_commands: ["node"],
        command_timeout_seconds: 20,
        output_bytes: 8192,
        ...settings,
      });
    },
    runScript: (script, execution = {}) => {
      worker.onGenerate = ({ turn }) => {
        const next = script[turn - 1];
        if (next === undefined) throw new Error(`The script has no turn ${turn}.`);
        return assistantMessage(turn, next);
      };
      return worker.call("execution/run", {
        execution_id: executionId,
        agent_type: "Coder",
        tools: [...ToolName.options],
        external_tools: [],
        write_access: "all",
        test_command: null,
        shown: [],
        known_failures: [],
        max_turns: 40,
        history: [],
        ...execution,
      });
    },
    forget: () => {
      Object.assign(worker, { generated: [], finished: [], reported: [], started: [] });
      worker.onToolFinished = () => undefined;
    },
    stop: async () => {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
      connection.dispose();
      child.stdin.end();
      await ended;
      await rm(place, { recursive: true, force: true });
    },
  };

  connection.onRequest("model/generate", async (raw: unknown) => {
    const params = runtimeMethods["model/generate"].params.parse(raw);
    worker.generated.push(params);
    return { message: await worker.onGenerate(params), stop_reason: "tool_calls" };
  });
  connection.onRequest("tool/finished", async (raw: unknown) => {
    const params = runtimeMethods["tool/finished"].params.parse(raw);
    worker.finished.push(params);
    await worker.onToolFinished(params);
    return {};
  });
  connection.onRequest("findings/report", (raw: unknown) => {
    const params = runtimeMethods["findings/report"].params.parse(raw);
    worker.reported.push(params);
    return { ids: params.findings.map(() => crypto.randomUUID()) };
  });
  connection.onNotification("tool/started", (raw: unknown) => {
    worker.started.push(z.object({ tool: z.string(), subject: z.string() }).parse(raw));
  });
  connection.listen();
  return worker;
};

export const finish: [string, Json] = ["finish", { summary: "Done.", confidence: 0.9, completeness: 1 }];
