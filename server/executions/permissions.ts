import { randomUUID } from "node:crypto";
import { fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import {
  permissionScope,
  type PermissionDecision,
  type PermissionRequest,
} from "../../schemas/permissions.ts";
import { timerMs } from "../../schemas/primitives.ts";
import type { Consents } from "../platform/consents.ts";

/** How long an agent waits for the user. */
const PATIENCE_MS = 5 * 60_000;

export interface PermissionsParts {
  consents: Pick<Consents, "has" | "give">;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
  /** Left out: five minutes. */
  patienceMs?: number;
}

interface Question {
  request: PermissionRequest;
  answered: PromiseWithResolvers<PermissionDecision | null>;
}

/**
 * The questions that agents of this runtime wait for. They live as long as the runtime: an execution that
 * resumes asks again.
 */
export class Permissions {
  readonly #parts: PermissionsParts;
  readonly #open = new Map<string, Question>();

  constructor(parts: PermissionsParts) {
    this.#parts = parts;
  }

  /** What agents wait for at the moment, oldest first. */
  list(): PermissionRequest[] {
    return [...this.#open.values()].map(({ request }) => request);
  }

  /**
   * Asks the user, unless a consent of theirs answers already. Null: nobody answered in time. Errors:
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
    const { permission_id, task_id, execution_id } = request;
    const answered = Promise.withResolvers<PermissionDecision | null>();
    this.#open.set(permission_id, { request, answered });
    const giveUp = (): void => {
      answered.resolve(null);
    };
    const timer = setTimeout(giveUp, timerMs(patienceMs));
    signal.addEventListener("abort", giveUp, { once: true });
    emit({ type: "permission.needed", at: now(), task_id, permission: request });
    const decision = await answered.promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    this.#open.delete(permission_id);
    emit({ type: "permission.settled", at: now(), task_id, execution_id, permission_id, decision });
    if (signal.aborted) throw fail("cancelled", { what: `The work of ${wanted.agent_name}` });
    return decision;
  }

  /** Answers a question. Errors: `not_found` where none of this id is open any more. */
  answer(permissionId: string, decision: PermissionDecision, actor: string): void {
    const question = this.#open.get(permissionId);
    if (question === undefined) throw fail("not_found", { kind: "question", id: permissionId });
    const { request, answered } = question;
    // A second answer comes too late, though the first one is not yet taken up.
    this.#open.delete(permissionId);
    if (decision === "allow_always") {
      const of = permissionScope(request);
      this.#parts.consents.give({ name: request.kind, of, given_by: actor, created_at: this.#parts.now() });
    }
    answered.resolve(decision);
  }
}
