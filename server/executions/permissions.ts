import { randomUUID } from "node:crypto";
import { allowedFiles } from "../../schemas/consents.ts";
import { fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import {
  permissionScope,
  type PermissionDecision,
  type PermissionRequest,
} from "../../schemas/permissions.ts";
import type { Consents } from "../platform/consents.ts";
import type { TaskFiles } from "./opened-files.ts";
import { OpenQuestions, PATIENCE_MS } from "./open-questions.ts";

export interface PermissionsParts {
  consents: Pick<Consents, "has" | "give" | "list">;
  files: TaskFiles;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
  /** Omitted: five minutes. */
  patienceMs?: number;
}

/**
 * Questions of agents to the user: whether they may start a program or connect to a host, and whether tests
 * may read a file.
 */
export class Permissions {
  readonly #parts: PermissionsParts;
  readonly #open = new OpenQuestions<PermissionRequest, PermissionDecision>();

  constructor(parts: PermissionsParts) {
    this.#parts = parts;
  }

  /** The open questions, oldest first. */
  list(): PermissionRequest[] {
    return this.#open.list();
  }

  /**
   * Asks the user, unless a consent already answers the question. Null: nobody answered in time. Errors:
   * `cancelled` when the signal aborts.
   */
  async ask(
    wanted: Omit<PermissionRequest, "permission_id" | "asked_at">,
    signal: AbortSignal,
  ): Promise<PermissionDecision | null> {
    const { consents, emit, now, patienceMs = PATIENCE_MS } = this.#parts;
    if (consents.has(wanted.kind, permissionScope(wanted))) return "allow_always";
    signal.throwIfAborted();
    const request = { ...wanted, permission_id: randomUUID(), asked_at: now() };
    const { permission_id, task_id, execution_id, kind, name } = request;
    const answered = this.#open.wait(permission_id, request, patienceMs, signal);
    emit({ type: "permission.needed", at: now(), task_id, permission: request });
    const decision = await answered;
    emit({ type: "permission.settled", at: now(), task_id, execution_id, permission_id, decision });
    if (signal.aborted) throw fail("cancelled", { what: `The work of ${wanted.agent_name}` });
    if (kind === "file" && decision === "allow_once") await this.#parts.files.add(task_id, name);
    return decision;
  }

  /** Paths of the files that the tests of a task may read even if they contain secrets. */
  opened(taskId: string): string[] {
    return [...new Set([...allowedFiles(this.#parts.consents.list()), ...this.#parts.files.list(taskId)])];
  }

  /** Answers a question. Errors: `not_found` if no question with this ID is open. */
  answer(permissionId: string, decision: PermissionDecision, actor: string): void {
    const request = this.#open.demand(permissionId);
    this.#open.answer(permissionId, decision);
    if (decision !== "allow_always") return;
    const of = permissionScope(request);
    this.#parts.consents.give({ name: request.kind, of, given_by: actor, created_at: this.#parts.now() });
  }
}
