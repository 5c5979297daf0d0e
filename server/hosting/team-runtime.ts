import { createHash } from "node:crypto";
import type { ChangeSet } from "../../schemas/changes.ts";
import {
  contract,
  type ChangeContent,
  type Method,
  type MethodInput,
  type MethodResult,
} from "../../schemas/contract.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { applyFiles, presentStates } from "../changes/workspace-files.ts";
import { sha256Of } from "../changes/contents.ts";
import type { HeldCredentials } from "../gateway/credentials.ts";
import { createDispatch } from "../runtime/dispatch.ts";
import { WorkspaceSender } from "../transfer/send-workspace.ts";
import { fromFileContent } from "../workspace/encoding.ts";
import { forwarding } from "./forwarding.ts";
import type { FolderRuntime } from "./open-runtime.ts";
import { TeamConnection, type TeamConnectionOptions } from "./team-connection.ts";

export interface TeamRuntimeOptions extends Omit<TeamConnectionOptions, "workspaceId"> {
  /** Absolute path of the folder whose files are sent. */
  workspace: string;
  /** Names this machine to the server: with the folder, it says which workspace is meant. */
  machine: string;
  keys: HeldCredentials;
}

/** The same folder of the same machine is the same workspace: a UUID (version 8, RFC 9562) of both. */
export const workspaceIdOf = (machine: string, folder: string): string => {
  const hash = createHash("sha256")
    .update(JSON.stringify([machine, folder]))
    .digest("hex");
  const [, a = "", b = "", c = "", d = "", e = ""] = /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(hash) ?? [];
  return `${a}-${b}-8${c}-8${d}-${e}`;
};

/** Methods that need the files as they are now. Listing teams is one: the workspace can have its own. */
const needsFiles: ReadonlySet<Method> = new Set([
  "teams/list",
  "teams/forecast",
  "teams/execute",
  "executions/start",
  "executions/request",
  "runs/resume",
  "runs/retry",
  "runs/approve",
  "changes/discard",
]);

/** Contents of a change set, by the hash of what arrived. */
const objectsOf = (contents: readonly ChangeContent[]) => {
  const known = new Map<string, Buffer>();
  for (const { before, after } of contents)
    for (const content of [before, after])
      if (content !== null) {
        const bytes = fromFileContent(content);
        known.set(sha256Of(bytes), bytes);
      }
  return {
    get: (sha256: string): Promise<Buffer> => {
      const bytes = known.get(sha256);
      return bytes === undefined
        ? Promise.reject(fail("not_found", { kind: "file content", id: sha256 }))
        : Promise.resolve(bytes);
    },
  };
};

/**
 * A workspace folder whose runs are made on a team server. Its files are sent before each of them; changes
 * are applied here and never there. Keys stay in this process and are not used. Errors:
 * `server_unreachable`, `token_refused`.
 */
export const openTeamRuntime = async (options: TeamRuntimeOptions): Promise<FolderRuntime> => {
  const { workspace, machine, keys, log } = options;
  const connection = await TeamConnection.open({
    ...options,
    workspaceId: workspaceIdOf(machine, workspace),
  });
  const sender = new WorkspaceSender(workspace, (method, params, signal) =>
    connection.call(method, params, signal),
  );

  /** A role that may not send files may still read. */
  const send = async (method: Method, signal: AbortSignal): Promise<void> => {
    const { role } = contract[method];
    try {
      await sender.send(signal);
    } catch (error) {
      if (!(error instanceof CoditectError) || error.code !== "not_authorised") throw error;
      if (role !== "viewer") throw fail("not_authorised", { method, role }, { cause: error });
    }
  };

  const call = async <M extends Method>(
    method: M,
    params: MethodInput<M>,
    signal: AbortSignal,
  ): Promise<MethodResult<M>> => {
    if (needsFiles.has(method)) await send(method, signal);
    return connection.call(method, params, signal);
  };

  const changeSetOf = (task_id: string, signal: AbortSignal) =>
    connection.call("changes/get", { task_id, include_content: true }, signal);

  const decide = (task_id: string, paths: string[], signal: AbortSignal): Promise<ChangeSet> =>
    connection.call("changes/decide", { task_id, paths, decision: "Accepted" }, signal);

  const dispatch = createDispatch(
    {
      ...forwarding({ call }, keys),
      "changes/get": async (params, _caller, signal) => {
        const answer = await call("changes/get", params, signal);
        return { ...answer, present: await presentStates(workspace, answer.change_set) };
      },
      "changes/apply": async ({ task_id, paths }, _caller, signal) => {
        const { change_set, contents } = await changeSetOf(task_id, signal);
        const applied = await applyFiles(workspace, objectsOf(contents), change_set, paths);
        const taken = applied.files.filter(({ result }) => result !== "conflict").map(({ path }) => path);
        const decided = taken.length === 0 ? change_set : await decide(task_id, taken, signal);
        if (applied.failure !== null) throw applied.failure;
        return { change_set: decided, files: applied.files };
      },
    },
    { log },
  );
  return {
    dispatch,
    subscribe: (listener) => connection.subscribe(listener),
    onReach: (listener) => connection.onReach(listener),
    isElsewhere: true,
    lost: connection.lost,
    close: () => connection.close(),
  };
};
