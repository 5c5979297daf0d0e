import type { AgentConfig } from "../../schemas/agent.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import { type PermissionDecision, type PermissionKind, shownCommand } from "../../schemas/permissions.ts";
import type { Permissions } from "./permissions.ts";

/**
 * The programs and hosts that the user allows one attempt at an execution in addition to those in the
 * settings. An answer applies until the attempt ends, except that a program is allowed for one call.
 */
export class ExecutionPermissions {
  readonly #permissions: Pick<Permissions, "ask">;
  readonly #execution: AgentExecution;
  readonly #agent: AgentConfig;
  readonly #over: AbortSignal;
  /**
   * Open questions by kind and name, and for a program also by its command line. Connections to one host that
   * start at the same time share a question. An answer for one command line does not apply to another one.
   */
  readonly #decisions = new Map<string, Promise<PermissionDecision | null>>();
  /** Programs that are not asked for again: the user said no, or nobody answered. */
  readonly #refused = new Map<string, "deny" | null>();
  /** The command line of the agent that runs now; null: none does. */
  #running: string | null = null;
  #hasConnected = false;

  /** @param over aborts when the attempt ends. */
  constructor(
    permissions: Pick<Permissions, "ask">,
    execution: AgentExecution,
    agent: AgentConfig,
    over: AbortSignal,
  ) {
    this.#permissions = permissions;
    this.#execution = execution;
    this.#agent = agent;
    this.#over = over;
  }

  /** Whether the user allowed a host that no list contains. */
  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  /** A tool of the agent starts. Only connections of `run_command` need a question to the user. */
  toolStarted(tool: string, subject: string): void {
    this.#running = tool === "run_command" ? subject : null;
  }

  /** The agent has finished. From now on, only commands of the runtime run. */
  loopEnded(): void {
    this.#running = null;
  }

  /** The reason why the program must not start. Null: it may start. Errors: `cancelled`. */
  async toStart(program: string, command: string): Promise<string | null> {
    const known = this.#refused.get(program);
    if (known !== undefined) return this.#refusal(known, `run ${program}`);
    const decision = await this.#decide("command", program, command);
    if (decision === "deny" || decision === null) this.#refused.set(program, decision);
    this.#decisions.delete(keyOf("command", program, command));
    return this.#refusal(decision, `run ${program}`);
  }

  /** The reason why a command must not connect. Null: it may connect. Errors: `cancelled`. */
  async toConnect(host: string, port: number): Promise<string | null> {
    const command = this.#running;
    if (command === null) return "it is not on the list of allowed hosts";
    const refused = this.#refusal(
      await this.#decide("host", `${host}:${port}`, command),
      `connect to ${host}:${port}`,
    );
    if (refused === null) this.#hasConnected = true;
    return refused;
  }

  #decide(kind: PermissionKind, name: string, command: string): Promise<PermissionDecision | null> {
    const key = keyOf(kind, name, kind === "command" ? command : "");
    const known = this.#decisions.get(key);
    if (known !== undefined) return known;
    const { execution_id, task_id } = this.#execution;
    const { agent_type, name: agent_name } = this.#agent;
    const asked = {
      execution_id,
      task_id,
      agent_type,
      agent_name,
      kind,
      name,
      command: shownCommand(command),
    };
    const decision = this.#permissions.ask(asked, this.#over);
    this.#decisions.set(key, decision);
    return decision;
  }

  #refusal(decision: PermissionDecision | null, what: string): string | null {
    if (decision === null) return `Nobody answered whether ${this.#agent.name} may ${what}.`;
    return decision === "deny" ? `The user did not allow ${this.#agent.name} to ${what}.` : null;
  }
}

const keyOf = (kind: PermissionKind, name: string, command: string): string =>
  JSON.stringify([kind, name, command]);
