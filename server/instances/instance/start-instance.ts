import { homedir } from "node:os";
import { timerMs } from "../../../schemas/primitives.ts";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import type { AgentConfig, RuntimeType } from "../../../schemas/agent.ts";
import { WORKER_PROTOCOL_VERSION } from "../../../schemas/worker.ts";
import { userCode } from "../../platform/user-key.ts";
import { newInstance, updateHealth, transitionState, isActive } from "../../models/instance.ts";
import { version } from "../../platform/installation.ts";
import type { Log } from "../../platform/log.ts";
import type { Store } from "../../store/store.ts";
import { connectWorker } from "../../protocol/worker-end.ts";
import type { Driver } from "../drivers/driver.ts";
import { openEgress } from "../drivers/egress/proxy.ts";
import type { Egress } from "../drivers/egress/proxy.ts";
import type { HiddenPath } from "../drivers/hidden.ts";
import { Instance } from "./instance.ts";
import type { InstanceKind } from "./instance.ts";
import type { InstanceRecords } from "./records.ts";
import type { PoolSettings } from "../settings.ts";
import type { Slots } from "../slots.ts";
import { pythonEnvironment, pythonFolders } from "../../workspace/python-environment.ts";
import { visibleToWorker } from "../drivers/visible.ts";
import { findGit } from "../../workspace/git.ts";

/** What all instances of a pool need to start. */
export interface StartContext {
  store: Store;
  records: InstanceRecords;
  settings: PoolSettings;
  slots: Slots;
  drivers: Readonly<Partial<Record<RuntimeType, Driver>>>;
  log: Log;
  /** Finds the paths of a workspace that its workers must not see. */
  hidden: (workspace: string) => Promise<HiddenPath[]>;
  onEnded: (instance: Instance) => void;
}

const now = (): string => new Date().toISOString();

/** Creates and stores an instance in state Provisioning. It has a slot but no worker yet. */
export const provision = async (
  context: StartContext,
  agent: AgentConfig,
  kind: InstanceKind,
  actor: string,
): Promise<Instance> => {
  const slot = await context.slots.take(kind.workspace, kind.runtime);
  const record = newInstance(
    {
      agent_id: agent.agent_id,
      tenant_id: context.store.tenantId,
      runtime_type: kind.runtime,
      // The worker is from the same build, and reports its own version when it runs.
      agent_version: version(),
    },
    now(),
  );
  const instance = new Instance({
    record,
    kind,
    slot,
    records: context.records,
    settings: context.settings,
    onEnded: context.onEnded,
    onTrouble: (error) => {
      context.log("error", "an instance could not be recorded", { error: String(error) });
    },
  });
  await context.records.write("Created", null, record, { actor, cause: `for ${agent.name}` });
  return instance;
};

const connect = (context: StartContext, instance: Instance): void => {
  const { worker } = instance;
  if (worker === null) return;
  instance.connect(
    connectWorker(worker.input, worker.output, {
      requests: () => instance.claim?.requests ?? null,
      notifications: () => instance.claim?.notifications ?? null,
      worksOn: (executionId) => instance.worksOn(executionId),
      log: ({ level, message, data }) => {
        context.log(level, message, { ...data, instance_id: instance.id });
      },
      broken: (reason) => {
        void worker.kill({ kind: "refused", how: `broke the protocol: ${reason}` });
      },
    }),
  );
};

/** Opens the instance's proxy if a host is allowed or may be asked for. It closes with the instance. */
const openInstanceEgress = async (context: StartContext, instance: Instance): Promise<Egress | null> => {
  const allowed = context.settings.allowed_hosts;
  const { asks } = instance.kind;
  if (allowed.length === 0 && !asks) return null;
  const egress = await openEgress({
    allowed,
    ...(asks && {
      ask: async (host: string, port: number) => {
        const { toConnect } = instance.claim ?? {};
        return toConnect === undefined ? "nobody can be asked for it" : toConnect(host, port);
      },
    }),
    // With Seatbelt, an instance has no network namespace in which the proxy's port could be opened.
    onLoopback: instance.kind.runtime === "Local" && process.platform === "darwin",
    onConnection: ({ host, port, address, reason }) => {
      const type = address === null ? "ConnectionRefused" : "ConnectionOpened";
      const cause = {
        actor: "runtime",
        cause: `${host}:${port}: ${reason}`,
        details: { host, port, address },
      };
      instance.write(type, instance.record, cause).catch((error: unknown) => {
        context.log("error", "a connection could not be recorded", { error: String(error) });
      });
    },
  });
  void instance.ended.then(() => egress.close());
  return egress;
};

/**
 * Starts the worker of an instance and gives it its folders: Provisioning → Starting → Idle.
 *
 * @param onStarted called when its process runs, before the first call to it.
 */
export const bringUp = async (
  context: StartContext,
  instance: Instance,
  cause: { actor: string; cause: string },
  { signal, onStarted }: { signal: AbortSignal; onStarted: () => void },
): Promise<void> => {
  const { kind, slot } = instance;
  const { settings } = context;
  const seconds = settings.start_ms[kind.runtime] / 1000;
  const deadline = AbortSignal.timeout(timerMs(seconds * 1000));
  const either = AbortSignal.any([signal, deadline]);
  let waitsFor: string | null = null;
  try {
    const driver = context.drivers[kind.runtime];
    if (driver === undefined) {
      throw fail("instance_not_started", { reason: `there is no ${kind.runtime} driver here` });
    }
    const starting = instance.transition("Starting", cause);
    // This is awaited below. A rejection before that needs a handler.
    starting.catch(() => undefined);
    const git = findGit(kind.workspace);
    const python =
      kind.runtime === "Local" ? pythonEnvironment(kind.workspace, process.env, homedir()) : null;
    const { readable, sources } = visibleToWorker(kind.workspace, git);
    const [hidden, egress] = await Promise.all([
      Promise.all(sources.map((folder) => context.hidden(folder))),
      openInstanceEgress(context, instance),
    ]);
    instance.hidden = hidden.flat();
    const worker = await driver.start(
      {
        instance_id: instance.id,
        workspace: kind.workspace,
        readable: [...readable, ...pythonFolders(python, process.env)],
        hidden: instance.hidden,
        copy: slot.copy,
        image: kind.image,
        limits: instance.limits,
        egress_socket: egress?.socket ?? null,
        egress_loopback: egress?.loopback ?? null,
        egress_on_request: settings.allowed_hosts.length === 0,
      },
      either,
      (what) => {
        waitsFor = what;
      },
    );
    if (instance.hasEnded) {
      await worker.kill({ kind: "stopped", how: "it was stopped while it started" });
      throw fail("cancelled", { what: "Starting the instance" });
    }
    instance.attach(worker);
    connect(context, instance);
    onStarted();
    const answer = await instance.call(
      "worker/initialize",
      {
        protocol_version: WORKER_PROTOCOL_VERSION,
        instance_id: instance.id,
        ...worker.paths,
        copy_key: userCode("private copy", slot.copy).toString("base64"),
        git,
        python,
        allowed_commands: [...settings.allowed_commands],
        command_timeout_seconds: settings.command_timeout_seconds,
        output_bytes: settings.output_bytes,
        ...(settings.test_report !== null && { test_report: settings.test_report }),
      },
      either,
    );
    await starting;
    const { metadata } = instance.record;
    const ready = {
      ...transitionState(instance.record, "Idle", now()),
      metadata: {
        ...metadata,
        runtime_id: worker.runtimeId,
        region: worker.region,
        environment: worker.environment,
        agent_version: answer.agent_version,
        provider_metadata: { ...worker.details, node_version: answer.node_version },
      },
    };
    await Promise.all([instance.write("StateChanged", ready, cause), instance.settle()]);
  } catch (error) {
    const isLate = deadline.aborted && !signal.aborted;
    throw await failedStart(instance, isLate ? lateStart(seconds, waitsFor) : error);
  }
};

/** The error of a start that took too long. It names what the start waited for, if that is known. */
const lateStart = (seconds: number, waitsFor: string | null): CoditectError =>
  waitsFor === null
    ? fail("timed_out", { what: "Starting an instance", seconds })
    : fail("instance_late", { seconds, reason: waitsFor });

/** Records why an instance did not start, and ends what exists of it. Returns the error for the caller. */
const failedStart = async (instance: Instance, error: unknown): Promise<Error> => {
  const reason =
    error instanceof CoditectError
      ? error
      : fail("instance_not_started", { reason: "an internal error; the log has it" }, { cause: error });
  if (isActive(instance.record) && instance.record.state !== "Stopping") {
    const unhealthy = updateHealth(instance.record, false, reason.message, now());
    await instance.write("StateChanged", transitionState(unhealthy, "Failed", now()), {
      actor: "runtime",
      cause: reason.message,
    });
  }
  await instance.abandon(reason.message);
  return reason;
};
